"""A binary for a person: problems first, then what it is, what it offers, and what was asked."""

from __future__ import annotations

from collections.abc import Sequence

from goknot.model.binary import (
    BinaryReport,
    CallerFacts,
    CgoExport,
    CgoLayout,
    FunctionFacts,
    PcFacts,
    SymbolFacts,
)
from goknot.reports.pen import Pen
from goknot.reports.view import View
from goknot.reports.words import count, fit

_ROWS, _ASKED_ROWS, _LEAD, _VALUE = 12, 200, 11, 60
_SETTINGS = ("-buildmode", "-trimpath", "-race", "-tags", "-ldflags", "-gcflags", "CGO_ENABLED", "GOEXPERIMENT")
_FORMATS = {"elf": "ELF", "macho": "Mach-O", "pe": "PE"}


def render_text(report: BinaryReport, view: View) -> str:
    """One screen; with questions their answers alone, behind one line that names the file."""
    pen = Pen(view)
    for problem in report.problems:
        _row(pen, "problem", pen.given(problem, 500), "warn")
    for missing in report.answers.missing:
        _row(pen, "missing", pen.given(missing, 500), "bad")
    _write_cgo_differences(pen, report)
    _write_file(pen, report)
    answers = report.answers
    asked = (answers.functions, answers.pcs, answers.symbols, answers.calls)
    if all(one is None for one in asked):
        _write_summary(pen, report)
    _write_functions(pen, answers.functions or ())
    for place in answers.pcs or ():
        _write_pc(pen, place)
    there = [one for one in answers.symbols or () if one.place != "absent"]
    for symbol in there[:_ASKED_ROWS]:
        _write_symbol(pen, symbol)
    _write_more(pen, len(there), _ASKED_ROWS, "symbol")
    for caller in answers.calls or ():
        _write_calls(pen, caller)
    return pen.text()


def _row(pen: Pen, label: str, text: str, style: str = "strong") -> None:
    sign = {"bad": pen.signs.bad, "warn": pen.signs.warn}.get(style, "")
    head = f"{sign} {label}" if sign else label
    pen.wrapped(text, _LEAD, first=((style, head), " " * max(1, _LEAD - len(head))))


def _write_file(pen: Pen, report: BinaryReport) -> None:
    file = report.file
    what = [_FORMATS[file.format], file.arch, "position independent" if file.moves else "fixed address"]
    what += ["symbols" if file.has_symbols else "stripped", *(["DWARF"] if file.has_dwarf else [])]
    _row(
        pen, file.kind.removeprefix("shared "), pen.given(f"{file.path}: {', '.join(what)}; {_size(file.n_bytes)}", 600)
    )
    build = report.build
    if not build.go:
        _row(pen, "go", "no build information", "warn")
        return
    module = build.modules.get(build.main, ("", "", ""))
    package = f", package {build.package}" if build.package not in ("", build.main) else ""
    main = f", module {build.main} {module[0]}".rstrip() if build.main else ""
    n_deps = len(build.modules) - (build.main in build.modules)
    _row(pen, "go", pen.given(f"{build.go}{package}{main}, {count(n_deps, 'dependency', 'dependencies')}", 400))


def _write_summary(pen: Pen, report: BinaryReport) -> None:
    settings = report.build.settings
    shown = [f"{name}={fit(settings[name], _VALUE)}" for name in _SETTINGS if name in settings]
    shown += [f"vcs.revision={settings['vcs.revision'][:12]}"] if "vcs.revision" in settings else []
    if shown:
        _row(pen, "built", pen.given(" ".join(shown), 600))
    if report.file.libraries:
        _row(pen, "needs", pen.given(", ".join(report.file.libraries), 400))
    _write_module(pen, report)
    _write_exports(pen, report)
    _write_cgo(pen, report)
    if report.symbols is not None and (report.symbols.n_exported or report.symbols.n_imported):
        counts = report.symbols
        what = f"{counts.n_exported:,} exported, {counts.n_imported:,} imported"
        kinds = sorted(counts.relocations.items(), key=lambda row: (-row[1], row[0]))
        relocations = ", ".join(f"{n:,} {kind}" for kind, n in kinds[:4])
        _row(pen, "symbols", f"{what}; relocations: {relocations or 'none'}")
    _write_hashes(pen, report)


def _write_module(pen: Pen, report: BinaryReport) -> None:
    module = report.module
    if module is None:
        return
    text = module.ranges["text"]
    path = f", plugin path {module.plugin_path}" if module.plugin_path else ""
    what = f"moduledata {module.moduledata_addr:#x} ({module.layout}), pclntab {module.pclntab_addr:#x}{path}"
    _row(pen, "module", pen.given(what, 400))
    counts = [f"{count(module.n_functions, 'function')} in {text[0]:#x}-{text[1]:#x}"]
    counts += [count(n, one) for n, one in ((module.n_types, "listed type"), (module.n_itabs, "itab")) if n is not None]
    _row(pen, "", ", ".join(counts))


def _write_exports(pen: Pen, report: BinaryReport) -> None:
    bad_first = sorted(report.exports, key=lambda one: (one.reachable, one.name))
    for index, one in enumerate(bad_first[:_ROWS]):
        kind = "" if one.kind == "func" else "var "
        name = f"func {one.name}{one.type_name.removeprefix('func')}" if not kind else f"var {one.name} {one.type_name}"
        why = "" if one.reachable else f": {one.why}"
        _row(pen, "exports" if not index else "", pen.given(name + why, 300), "strong" if one.reachable else "bad")
    _write_more(pen, len(bad_first), _ROWS, "export")


def _write_hashes(pen: Pen, report: BinaryReport) -> None:
    own, linked = [h for h in report.hashes if h.own], [h for h in report.hashes if not h.own]
    if linked:
        first = f"{linked[0].package} {linked[0].hash}"
        _row(
            pen, "hashes", pen.given(f"{count(len(linked), 'package')} compared when it is opened, first {first}", 300)
        )
    if own:
        _row(pen, "hashes", f"{count(len(own), 'package')} for plugins to be compared with")


def _write_cgo_differences(pen: Pen, report: BinaryReport) -> None:
    for export in report.cgo.exports:
        for what in export.differences:
            _row(pen, "cgo", pen.given(f"{export.name}: {what}", 400), "bad" if report.cgo.header else "warn")
    for layout in report.cgo.layouts:
        if not layout.agrees:
            what = f"{layout.name}: {_fields(layout.header, layout.header_bytes)} in the header"
            _row(pen, "cgo", pen.given(f"{what}, {_fields(layout.here, layout.here_bytes)} here", 400), "bad")


def _write_cgo(pen: Pen, report: BinaryReport) -> None:
    cgo = report.cgo
    for index, one in enumerate(cgo.exports[:_ROWS]):
        _row(pen, "cgo" if not index else "", pen.given(_cgo_line(one), 300))
    _write_more(pen, len(cgo.exports), _ROWS, "cgo export")
    if cgo.header and cgo.exports:
        _write_agreement(pen, cgo.exports, cgo.layouts, cgo.header)


def _write_agreement(pen: Pen, exports: Sequence[CgoExport], layouts: Sequence[CgoLayout], header: str) -> None:
    n_same = sum(not one.differences for one in exports)
    unsaid = sum(not one.signature for one in exports)
    more = (
        f"; {count(unsaid, 'signature')} not said by the binary (no debugging information that can be read)"
        if unsaid
        else ""
    )
    n_layouts = sum(one.agrees for one in layouts)
    what = f"{n_same} of {count(len(exports), 'export')} and {n_layouts} of {count(len(layouts), 'struct')} agree"
    _row(pen, "", pen.given(f"{what} with {header}{more}", 400))


def _cgo_line(one: CgoExport) -> str:
    where = f" at {one.addr:#x}" if one.addr else ""
    return f"{one.signature or one.header_signature or one.name}{where}"


def _write_functions(pen: Pen, functions: Sequence[FunctionFacts]) -> None:
    for one in functions:
        where = f"  {one.where}" if one.where else ""
        pen.line(
            f"{one.entry_addr:#x}-{one.end_addr:#x}  ", ("strong", pen.given(one.name, 300)), pen.given(where, 300)
        )


def _write_pc(pen: Pen, place: PcFacts) -> None:
    if not place.function:
        return
    pen.line(f"{place.pc:#x}  ", ("strong", pen.given(place.function, 300)), f"+{place.off:#x}")
    last = len(place.frames) - 1
    for index, (name, where) in enumerate(place.frames):
        inlined = "  (inlined)" if index < last else ""
        pen.line("    ", pen.given(name, 300), "  ", ("place", pen.given(where, 300)), inlined)


def _write_symbol(pen: Pen, symbol: SymbolFacts) -> None:
    where = f" at {symbol.addr:#x}" if symbol.addr else ""
    version = f"@{symbol.version}" if symbol.version else ""
    reach = {True: "reachable", False: "not reachable", None: "decided at load"}[symbol.reachable]
    pen.line(("strong", pen.given(symbol.name + version, 300)), f"  {symbol.place} {symbol.kind}{where}")
    uses = ", ".join(f"{use.n:,} {use.relocation} (first {use.first_addr:#x})" for use in symbol.uses)
    by = uses if uses and symbol.bound != "lookup" else ", ".join(symbol.by)
    if symbol.bound != "never":
        pen.wrapped(pen.given(f"bound at {symbol.bound} by {by}", 500), 4)
    pen.wrapped(pen.given(f"{reach}: {symbol.why}", 500), 4)


def _write_calls(pen: Pen, caller: CallerFacts) -> None:
    function = caller.function
    pen.line(("strong", pen.given(function.name, 300)), f"  {count(len(caller.calls), 'call')}")
    for call in caller.calls[:_ASKED_ROWS]:
        target = call.target or (f"{call.target_addr:#x}" if call.target_addr else f"known at run time ({call.text})")
        how = {"direct": "", "stub": " through a stub", "slot": " through a slot"}.get(
            call.kind, f" through {call.kind}"
        )
        slot = f" {call.slot_addr:#x}" if call.slot_addr else ""
        relocation = f" [{call.relocation}]" if call.relocation else ""
        jump = "jumps to " if call.is_jump else ""
        where = f"  {call.frames[0][1]}" if call.frames else ""
        pen.line(f"  {call.addr:#x}  ", pen.given(f"{jump}{target}{how}{slot}{relocation}{where}", 500))
    _write_more(pen, len(caller.calls), _ASKED_ROWS, "call")


def _write_more(pen: Pen, n: int, shown: int, what: str) -> None:
    if n > shown:
        pen.line(" " * _LEAD, ("dim", f"and {count(n - shown, f'more {what}')}; --format json has all"))


def _fields(fields: Sequence[tuple[str, int, str]] | None, n_bytes: int | None) -> str:
    if fields is None or n_bytes is None:
        return "unknown"
    return "{" + ", ".join(f"{name} {shape} at {off}" for name, off, shape in fields) + f"}}, {n_bytes} bytes"


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes >= 100_000 else f"{n_bytes:,} bytes"
