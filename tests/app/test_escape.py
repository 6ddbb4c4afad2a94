"""Logs of real compilers, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.builds import GO_SOURCES
from support.escape_logs import escape_log
from support.toolchains import QUICK_VERSIONS, VERSIONS

from goknot.app.escape import escapes_of_log
from goknot.errors import InputError
from goknot.model.escape import Candidate, EscapeReport, Holding

SHAPES = GO_SOURCES / "escape_shapes"
EVERY_VERSION = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
MARK = re.compile(r"// holds (\S+) (.+)$")


def marks() -> Iterator[tuple[str, int, str, str]]:
    for path in sorted(SHAPES.rglob("*.go")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = MARK.search(line)
            if found:
                yield path.relative_to(SHAPES).as_posix(), number, found[1], found[2]


def read(version: str, root: Path = SHAPES) -> EscapeReport:
    return escapes_of_log(str(escape_log("escape_shapes", version)), root)


def told(report: EscapeReport) -> dict[tuple[str, int], set[tuple[str, str]]]:
    found: dict[tuple[str, int], set[tuple[str, str]]] = {}
    for candidate in report.candidates:
        at = candidate.escape.at
        found.setdefault((at.file, at.line), set()).add((str(candidate.holding), candidate.holder))
    return found


@pytest.mark.parametrize("version", EVERY_VERSION)
def test_every_mark_is_told(version: str) -> None:
    found = told(read(version))
    missing = [mark for mark in marks() if (mark[2], mark[3]) not in found.get((mark[0], mark[1]), ())]
    assert missing == []


@pytest.mark.parametrize("version", EVERY_VERSION)
def test_nothing_long_lived_is_told_without_a_mark(version: str) -> None:
    """Inlined calls and literals repeat what marks say elsewhere; nothing else may be held for long."""
    held = {(mark[2], mark[3]) for mark in marks()}
    for candidate in read(version).candidates:
        if candidate.holding in (Holding.PACKAGE_VARIABLE, Holding.GOROUTINE, Holding.CHANNEL):
            holder = re.sub(r"^store\.(?=all|byName)", "", candidate.holder)
            assert (str(candidate.holding), holder) in held, candidate


@pytest.mark.parametrize("version", EVERY_VERSION)
@pytest.mark.parametrize("case", ["escape_shapes", "leak_shapes"])
def test_every_line_is_known(case: str, version: str) -> None:
    log = escape_log(case, version)
    report = escapes_of_log(str(log), GO_SOURCES / case)
    assert report.problems == ()
    assert sum(report.n_lines_by_kind.values()) == len(log.read_bytes().splitlines())
    assert not report.n_lines_by_kind.keys() & {"unknown", "stray", "foreign", "go"}


def test_what_stays_is_not_told() -> None:
    lines = (SHAPES / "main.go").read_text().splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if 'name: "stays"' in text]
    assert ("main.go", line) not in told(read("1.27.3"))


def test_without_source_a_goroutine_is_told_with_its_doubt(tmp_path: Path) -> None:
    def launched(report: EscapeReport) -> list[Candidate]:
        return [c for c in report.candidates if c.holding == Holding.GOROUTINE]

    with_source, without = launched(read("1.27.3")), launched(read("1.27.3", tmp_path))
    assert {c.holder for c in with_source} == {"launch", "launchMethod"}
    assert not any(c.note for c in with_source)
    assert {c.holder for c in without} == {"launch", "launchMethod", "deferInLoop"}
    assert all("the log does not tell" in c.note for c in without)


def test_source_outside_the_folder_is_not_opened(tmp_path: Path) -> None:
    from goknot.inputs.escape import Sources

    (tmp_path / "in").mkdir()
    (tmp_path / "out.go").write_text("var secret int\n")
    (tmp_path / "in" / "link.go").symlink_to(tmp_path / "out.go")
    (tmp_path / "in" / "own.go").write_text("var own, other int\nvar (\n\tthird = 3\n)\n")
    sources = Sources(tmp_path / "in")
    assert sources.variables("own.go") == {"own", "other", "third"}
    for name in ("../out.go", "link.go", str(tmp_path / "out.go"), "", ".", "own.go/x.go"):
        assert sources.variables(name) == set(), name


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    for text in (b"", b"\n\n", b"hello\n", b"# pkg\n", b"\xff\xfe\x00" * 1000, b"main.go:1:2: undefined: x\n"):
        (tmp_path / "log").write_bytes(text)
        with pytest.raises(InputError):
            escapes_of_log(str(tmp_path / "log"), tmp_path)
    with pytest.raises(InputError):
        escapes_of_log(str(tmp_path / "none"), tmp_path)
    with pytest.raises(InputError):
        escapes_of_log(str(tmp_path), tmp_path)


def test_a_log_cut_anywhere_is_read(tmp_path: Path) -> None:
    whole = escape_log("escape_shapes", "1.27.3").read_bytes()
    for cut in range(200, len(whole) - 1000, len(whole) // 40):
        (tmp_path / "log").write_bytes(whole[cut:])
        report = escapes_of_log(str(tmp_path / "log"), SHAPES)
        assert sum(report.n_lines_by_kind.values()) == len(whole[cut:].splitlines())


def test_literals_that_hold_each_other_come_to_an_end(tmp_path: Path) -> None:
    lines = ["# p"]
    for line in range(1, 400):
        at = f"a.go:{line}:1"
        lines += [
            f"{at}: func literal escapes to heap in F:",
            f"{at}:   flow: {{storage for func literal}} ← &{{storage for func literal}}:",
            f"{at}:     from func literal (captured by a closure) at {at}",
        ]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    report = escapes_of_log(str(tmp_path / "log"), tmp_path)
    assert len(report.candidates) == 399
    assert {candidate.holding for candidate in report.candidates} == {Holding.OTHER}
    assert max(len(candidate.chain) for candidate in report.candidates) < 10


def test_memory_is_bounded_by_the_number_of_explanations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goknot.app.escape.MAX_ESCAPES", 10)
    report = escapes_of_log(str(escape_log("escape_shapes", "1.27.3")), SHAPES)
    assert 0 < len(report.candidates) <= 10
    assert any("only the first 10 explanations" in problem for problem in report.problems)
