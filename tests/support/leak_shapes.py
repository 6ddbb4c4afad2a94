"""The corpus tests/go/leak_shapes, read: its shapes, what each claims, which lines a detector should report.

`python -m support.leak_shapes` (from tests/) writes the registry that the runner is built with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from support.builds import GO_SOURCES

CORPUS = GO_SOURCES / "leak_shapes"
PLUGIN = "pluginglobal"
CLAIMS = ("leaks", "collected", "panics", "crashes")

_CLAIM = re.compile(r"//shape:(\w+)(?: go(<|>=)1\.(\d+))?(?: unmarked: (\S.*))?$")
_FUNC = re.compile(r"func (\w+)\(\) \{")
_WANT = re.compile(r"// want ([a-z-]+) (certain|likely|possible|note)(?: go(<|>=)1\.(\d+))?(?: of (\w+\.\w+))?$")
_BUILD = re.compile(r"//go:build (.*)$")
_TAG = re.compile(r"(!?)go1\.(\d+)$")


@dataclass(frozen=True, slots=True)
class Span:
    """Which minor versions a statement is about: every one, those before, or those from `minor` on."""

    relation: str = ""
    minor: int = 0

    def holds(self, minor: int) -> bool:
        """Whether it is about Go 1.`minor`."""
        return {"": True, "<": minor < self.minor, ">=": minor >= self.minor}[self.relation]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that a detector should report.

    Attributes:
        path: Relative to the corpus, with `/`.
    """

    path: str
    line: int
    kind: str
    confidence: str
    span: Span


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape: a function without parameters that makes objects and drops them.

    Attributes:
        name: `package.Function`.
        lines: First and last line of what belongs to it: from the end of the shape before it.
        claims: What the runtime is said to do -> in which versions.
        unmarked: Why a shape that leaks has no mark; empty if there is none to give.
        constraint: The file's `//go:build` line, without the words; empty if there is none.
        alone: What the program does besides would change what is measured: stopped timers leave the runtime's heap of
            timers only when they are a quarter of it (`runtime/time.go`, `zombies`).
    """

    name: str
    path: str
    lines: tuple[int, int]
    claims: tuple[tuple[str, Span], ...]
    marks: tuple[Mark, ...]
    unmarked: str = ""
    constraint: str = ""
    alone: bool = False

    def claim(self, minor: int) -> str:
        """What it claims for Go 1.`minor`."""
        held = [what for what, span in self.claims if span.holds(minor)]
        assert len(held) == 1, f"{self.name}: {held} for Go 1.{minor}"
        return held[0]

    def built(self, minor: int) -> bool:
        """Whether Go 1.`minor` compiles its file."""
        needed = _TAG.match(self.constraint)
        return needed is None or (minor >= int(needed[2])) != bool(needed[1])

    def exclusive(self) -> bool:
        """Whether it must run in a process of its own."""
        return self.alone or any(what == "crashes" for what, _ in self.claims)


def shapes() -> list[Shape]:
    """All shapes of the corpus, by name; marks `of` a shape come from any file."""
    found: list[Shape] = []
    elsewhere: dict[str, list[Mark]] = {}
    for path in sorted(CORPUS.glob("*/*.go")):
        found.extend(_shapes_of(path, elsewhere))
    for i, shape in enumerate(found):
        if shape.name in elsewhere:
            marks = (*shape.marks, *elsewhere.pop(shape.name))
            found[i] = replace(shape, marks=marks)
    assert not elsewhere, f"marks of shapes that do not exist: {sorted(elsewhere)}"
    assert len({shape.name for shape in found}) == len(found)
    return sorted(found, key=lambda shape: shape.name)


def marks() -> list[Mark]:
    """Every line that a detector should report, by file and line."""
    return sorted((mark for shape in shapes() for mark in shape.marks), key=lambda mark: (mark.path, mark.line))


def clean_spans() -> list[tuple[str, int, int]]:
    """(path, first line, last line) of shapes that no version leaks: nothing at certain or likely belongs there."""
    clean = [s for s in shapes() if all(what == "collected" for what, _ in s.claims)]
    return [(s.path, *s.lines) for s in clean]


def _shapes_of(path: Path, elsewhere: dict[str, list[Mark]]) -> Iterator[Shape]:
    package, relative = path.parent.name, path.relative_to(CORPUS).as_posix()
    lines = path.read_text().splitlines()
    constraint = next((found[1] for line in lines if (found := _BUILD.match(line))), "")
    start, claims, mine, unmarked, name, alone = 1, [], [], "", "", False
    for number, line in enumerate(lines, 1):
        if "// want " in line:
            found = _WANT.search(line)
            assert found, f"{path}:{number}: a mark that cannot be read: {line.strip()}"
            mark = Mark(relative, number, found[1], found[2], Span(found[3] or "", int(found[4] or 0)))
            (elsewhere.setdefault(found[5], []) if found[5] else mine).append(mark)
        if line == "//shape:alone":
            alone = True
        elif line.startswith("//shape:"):
            claim = _CLAIM.match(line)
            assert claim and claim[1] in CLAIMS, f"{path}:{number}: a claim that cannot be read: {line}"
            claims.append((claim[1], Span(claim[2] or "", int(claim[3] or 0))))
            unmarked = unmarked or claim[4] or ""
        elif claims and not name:
            function = _FUNC.match(line)
            assert function, f"{path}:{number}: no function without parameters below a claim: {line}"
            name = f"{package}.{function[1]}"
        if name and (line == "}" or (line.startswith("func ") and line.endswith("}"))):
            yield Shape(name, relative, (start, number), tuple(claims), tuple(mine), unmarked, constraint, alone)
            start, claims, mine, unmarked, name, alone = number + 1, [], [], "", "", False
    assert not mine and not claims, f"{path}: marks or claims after the last shape: {mine} {claims}"


def registry() -> dict[str, str]:
    """File name -> text of the generated part of the runner: it calls every shape by name."""
    parts: dict[tuple[str, str], list[Shape]] = {}
    for shape in shapes():
        if shape.name.startswith(f"{PLUGIN}."):
            continue  # a main package: the runner opens it
        parts.setdefault((shape.name.split(".")[0], shape.constraint), []).append(shape)
    return {_file_name(*key): _registry_file(*key, members) for key, members in parts.items()}


def _file_name(package: str, constraint: str) -> str:
    tag = re.sub(r"\W", "", constraint)
    return f"registry_{package}{'_' + tag if tag else ''}.go"


def _registry_file(package: str, constraint: str, members: list[Shape]) -> str:
    head = f"//go:build {constraint}\n\n" if constraint else ""
    rows = [f'\tadd("{shape.name}", {shape.name})\n' for shape in members]
    rows += [f'\talone["{shape.name}"] = true\n' for shape in members if shape.exclusive()]
    return (
        "// Code generated by tests/support/leak_shapes.py. DO NOT EDIT.\n\n"
        f'{head}package main\n\nimport "example.com/leakshapes/{package}"\n\nfunc init() {{\n{"".join(rows)}}}\n'
    )


def write_registry() -> None:
    """Writes the generated files, and removes those of packages that are gone."""
    wanted = registry()
    for old in CORPUS.glob("registry_*.go"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (CORPUS / name).write_text(text)


if __name__ == "__main__":
    write_registry()
