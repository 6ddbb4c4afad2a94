"""What one Go binary holds, and what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.errors import GoknotError, InputError
from goknot.inputs.binary import GoBinary
from goknot.model.binary import (
    Answers,
    BinaryReport,
    CallerFacts,
    FunctionFacts,
    SymbolFacts,
)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked beside the summary; names may be patterns with `*` and `?`.

    Attributes:
        functions: Names of functions.
        pcs: Places in the code.
        symbols: Names of symbols.
        calls: Functions whose calls are listed.
        cgo_header: Path of a header to compare with; empty for none.
    """

    functions: tuple[str, ...] = ()
    pcs: tuple[int, ...] = ()
    symbols: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    cgo_header: str = ""


def read_binary(path: str, questions: Questions) -> BinaryReport:
    """Reads a binary.

    Raises:
        InputError: It cannot be read, is damaged, or is no executable or library of Go code.
    """
    try:
        return _read(path, questions)
    except MemoryError as failed:
        raise InputError(
            path, "asks for more memory than there is: it is damaged, or larger than this machine"
        ) from failed


def exit_code(report: BinaryReport) -> int:
    """0; 1: something asked for is not there, or C's header differs; 3: some of the file could not be read."""
    differs = any(one.differences for one in report.cgo.exports) or not all(one.agrees for one in report.cgo.layouts)
    if report.answers.missing or (report.cgo.header and differs):
        return 1
    return 3 if report.problems else 0


def _read(path: str, questions: Questions) -> BinaryReport:
    binary = GoBinary(path)
    missing: list[str] = []
    answers = Answers(
        functions=_functions(binary, questions.functions, missing) if questions.functions else None,
        pcs=tuple(binary.at(pc) for pc in questions.pcs) if questions.pcs else None,
        symbols=_symbols(binary, questions.symbols) if questions.symbols else None,
        calls=_calls(binary, questions.calls, missing) if questions.calls else None,
        missing=(),
    )
    missing += [f"{place.pc:#x}: no function: {place.why}" for place in answers.pcs or () if not place.function]
    missing += [f"{one.name}: no symbol: {one.why}" for one in answers.symbols or () if one.place == "absent"]
    return BinaryReport(
        file=binary.file(),
        build=binary.build,
        module=binary.module(),
        exports=binary.exports,
        hashes=binary.hashes(),
        symbols=binary.counts(),
        cgo=binary.cgo(questions.cgo_header),
        answers=Answers(answers.functions, answers.pcs, answers.symbols, answers.calls, tuple(missing)),
        problems=tuple(binary.problems),
    )


def _functions(binary: GoBinary, names: tuple[str, ...], missing: list[str]) -> tuple[FunctionFacts, ...]:
    found = [one for name in names for one in _named(binary, name, missing)]
    return tuple(dict.fromkeys(sorted(found, key=lambda one: (one.entry_addr, one.name))))


def _named(binary: GoBinary, name: str, missing: list[str]) -> list[FunctionFacts]:
    """The functions of a name, else those whose last part it is; for none the reason."""
    found = binary.functions(name) or binary.c_functions(name)
    if not found and "*" not in name and "?" not in name and not binary.mentions(name):
        found = binary.functions(f"*.{name}")
    if not found:
        inlined = "it has no code of its own: the compiler inlined it wherever it is called"
        missing.append(f"{name}: {inlined if binary.mentions(name) else 'no function of that name'}")
    return found


def _symbols(binary: GoBinary, names: tuple[str, ...]) -> tuple[SymbolFacts, ...]:
    found: list[SymbolFacts] = []
    for name in names:
        found += binary.symbols(name)
    return tuple(dict.fromkeys(sorted(found, key=lambda one: (one.name, one.addr, one.place, one.version))))


def _calls(binary: GoBinary, names: tuple[str, ...], missing: list[str]) -> tuple[CallerFacts, ...]:
    found: list[CallerFacts] = []
    for name in names:
        for function in _named(binary, name, missing):
            try:
                found.append(binary.calls(function))
            except GoknotError as unreadable:
                missing.append(f"{name}: its calls cannot be read: {unreadable.what}")
    return tuple(found)
