"""Reads go.mod and go.work.

Grammar: golang.org/x/mod/modfile (rule.go, work.go). A line that Go would refuse becomes a problem; the rest is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from goknot.formats.modlines import MAX_BYTES, Line, Problems, lines, unquoted
from goknot.formats.semver import canonical, path_major_problem, split_path

__all__ = ["MAX_BYTES", "GoMod", "GoWork", "Replace", "Require", "Retract", "is_folder", "parse_gomod", "parse_gowork"]


@dataclass(frozen=True, slots=True)
class Require:
    """One requirement; `line` counts from 1."""

    path: str
    version: str
    indirect: bool
    line: int


@dataclass(frozen=True, slots=True)
class Replace:
    """One replacement; `old_version` is empty if every version is replaced, `new_version` if a folder replaces it."""

    old_path: str
    old_version: str
    new_path: str
    new_version: str
    line: int


@dataclass(frozen=True, slots=True)
class Retract:
    """Versions taken back, as written, both ends included; `low` and `high` are equal for a single one."""

    low: str
    high: str
    rationale: str
    line: int


@dataclass(frozen=True, slots=True)
class GoMod:
    """What a go.mod says.

    Attributes:
        module: Module path; empty if missing.
        go: Version of the go directive; empty if missing.
        toolchain: Name of the toolchain directive; empty if missing.
        requires: In the order of the file.
        replaces: In the order of the file.
        excludes: (path, version).
        retracts: In the order of the file.
        ignores: Folders of the ignore directive (Go 1.25).
        tools: Packages of the tool directive (Go 1.24).
        deprecated: The paragraph after `Deprecated:` at the module directive; empty if none.
        problems: (line, what) of what Go would refuse, ascending.
    """

    module: str = ""
    go: str = ""
    toolchain: str = ""
    requires: tuple[Require, ...] = ()
    replaces: tuple[Replace, ...] = ()
    excludes: tuple[tuple[str, str], ...] = ()
    retracts: tuple[Retract, ...] = ()
    ignores: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    deprecated: str = ""
    problems: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GoWork:
    """What a go.work says; `uses` are the folders as written."""

    go: str = ""
    toolchain: str = ""
    uses: tuple[str, ...] = ()
    replaces: tuple[Replace, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()


def parse_gomod(text: bytes, where: str, *, lax: bool = False) -> GoMod:
    """Parses a go.mod.

    Args:
        text: The file's bytes.
        where: What errors call the file.
        lax: Read it as Go reads that of a dependency: what matters in a main module only is passed over.

    Raises:
        InputError: Larger than Go accepts.
    """
    reader = _Reader(lax=lax)
    for line in lines(text, where, reader.problems):
        reader.take(line, _GOMOD, _GOMOD_BLOCKS)
    if reader.module is None:
        reader.problems.append((1, "no module directive"))
    return GoMod(
        module=reader.module or "",
        go=reader.go,
        toolchain=reader.toolchain,
        requires=tuple(reader.requires),
        replaces=tuple(reader.replaces),
        excludes=tuple(reader.excludes),
        retracts=tuple(reader.retracts),
        ignores=tuple(reader.ignores),
        tools=tuple(reader.tools),
        deprecated=reader.deprecated,
        problems=tuple(sorted(reader.problems)),
    )


def parse_gowork(text: bytes, where: str) -> GoWork:
    """Parses a go.work.

    Raises:
        InputError: Larger than Go accepts.
    """
    reader = _Reader(lax=False)
    for line in lines(text, where, reader.problems):
        reader.take(line, _GOWORK, _GOWORK_BLOCKS)
    return GoWork(
        go=reader.go,
        toolchain=reader.toolchain,
        uses=tuple(reader.uses),
        replaces=tuple(reader.replaces),
        problems=tuple(sorted(reader.problems)),
    )


def is_folder(path: str) -> bool:
    """Whether the right side of a replacement is a folder, on any system (rule.go IsDirectoryPath)."""
    return path in {".", ".."} or _FOLDER.match(path) is not None


_FOLDER = re.compile(r"\.{0,2}[/\\]|[A-Za-z]:")
_GO_VERSION = re.compile(r"[1-9][0-9]*\.(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))?(?:[a-z]+[0-9]+)?")
_LAX_GO_VERSION = re.compile(r"v?([1-9][0-9]*\.(?:0|[1-9][0-9]*))[^0-9].*", re.DOTALL)
_TOOLCHAIN = re.compile(r"default|go1(?:\..*)?", re.DOTALL)
_DEPRECATED = re.compile(r"(?:\A|\n\n)Deprecated: *(.*?)(?:\Z|\n\n)", re.DOTALL)


class _RefusedError(ValueError):
    """Go refuses the line."""


@dataclass(slots=True)
class _Reader:
    """Collects what the directives of one file say."""

    lax: bool
    problems: Problems = field(default_factory=list)
    module: str | None = None
    go: str = ""
    toolchain: str = ""
    deprecated: str = ""
    requires: list[Require] = field(default_factory=list)
    replaces: list[Replace] = field(default_factory=list)
    excludes: list[tuple[str, str]] = field(default_factory=list)
    retracts: list[Retract] = field(default_factory=list)
    ignores: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)

    def take(self, line: Line, verbs: dict[str, Callable[[_Reader, Line], None]], blocks: frozenset[str]) -> None:
        """Reads one directive."""
        if self.lax and line.verb not in _LAX:
            return
        if line.opens:
            if line.verb not in blocks and not self.lax:
                self.problems.append((line.number, f"unknown block: {line.verb}"))
            return
        if line.verb not in (blocks if line.in_block else verbs):
            if not line.in_block and not self.lax:
                self.problems.append((line.number, f"unknown directive: {line.verb}"))
            return
        try:
            verbs[line.verb](self, line)
        except _RefusedError as error:
            self.problems.append((line.number, f"{line.verb}: {error}"))

    def _module(self, line: Line) -> None:
        _once(self.module is not None)
        self.deprecated = _deprecation(line)
        self.module = ""
        self.module = _text(_only(line))

    def _go(self, line: Line) -> None:
        _once(self.go != "")
        version = _only(line)
        if not _GO_VERSION.fullmatch(version):
            loose = _LAX_GO_VERSION.fullmatch(version) if self.lax else None
            if loose is None:
                raise _RefusedError(f"invalid version {version!r}")
            version = loose[1]
        self.go = version

    def _toolchain(self, line: Line) -> None:
        _once(self.toolchain != "")
        name = _only(line)
        if not _TOOLCHAIN.fullmatch(name):
            raise _RefusedError(f"invalid toolchain {name!r}")
        self.toolchain = name

    def _godebug(self, line: Line) -> None:
        word = _only(line)
        if "=" not in word or any(c in word for c in "\"`',"):
            raise _RefusedError("wanted KEY=VALUE")

    def _require(self, line: Line) -> None:
        path, version = self._pair(line)
        self.requires.append(Require(path, version, _is_indirect(line.suffix), line.number))

    def _exclude(self, line: Line) -> None:
        self.excludes.append(self._pair(line))

    def _pair(self, line: Line) -> tuple[str, str]:
        """A module and its version; kept as written, with a problem, if Go would look the version up or refuse it."""
        if len(line.tokens) != 2:
            raise _RefusedError(f"{_counted(line)}, wanted MODULE VERSION")
        path, version = _text(line.tokens[0]), _text(line.tokens[1])
        exact = canonical(version)
        if (
            what := path_major_problem(path, exact)
            if exact
            else f"{path}: version {version!r} is not of the form v1.2.3"
        ):
            self.problems.append((line.number, f"{line.verb}: {what}"))
        return path, exact or version

    def _replace(self, line: Line) -> None:
        tokens = line.tokens
        arrow = 1 if tokens[1:2] == ("=>",) else 2
        if not arrow + 2 <= len(tokens) <= arrow + 3 or tokens[arrow] != "=>":
            raise _RefusedError("wanted OLD [VERSION] => NEW VERSION or OLD [VERSION] => FOLDER")
        old_path = _text(tokens[0])
        old_version = _version(tokens[1]) if arrow == 2 else ""
        what = path_major_problem(old_path, old_version) if old_version else ""
        if what or not split_path(old_path)[2]:
            raise _RefusedError(what or f"malformed module path {old_path!r}")
        new_path = _text(tokens[arrow + 1])
        new_version = _version(tokens[arrow + 2]) if len(tokens) == arrow + 3 else ""
        if is_folder(new_path) == bool(new_version):
            raise _RefusedError(f"folder {new_path!r} with a version" if new_version else f"{new_path!r} is no folder")
        self.replaces.append(Replace(old_path, old_version, new_path, new_version, line.number))

    def _retract(self, line: Line) -> None:
        try:
            low, high, rest = _interval(line.tokens)
        except _RefusedError:
            if self.lax:  # a later Go may take more forms
                return
            raise
        if rest and not self.lax:
            raise _RefusedError(f"unexpected {rest[0]!r} after the version")
        self.retracts.append(Retract(low, high, _comment(line), line.number))

    def _tool(self, line: Line) -> None:
        self.tools.append(_text(_only(line)))

    def _ignore(self, line: Line) -> None:
        self.ignores.append(_text(_only(line)))

    def _use(self, line: Line) -> None:
        self.uses.append(_text(_only(line)))


def _counted(line: Line) -> str:
    return f"{len(line.tokens)} argument{'' if len(line.tokens) == 1 else 's'}"


def _only(line: Line) -> str:
    if len(line.tokens) != 1:
        raise _RefusedError(f"{_counted(line)}, wanted 1")
    return line.tokens[0]


def _once(seen: bool) -> None:
    if seen:
        raise _RefusedError("repeated")


def _text(token: str) -> str:
    text, what = unquoted(token)
    if what:
        raise _RefusedError(what)
    return text


def _version(token: str) -> str:
    text = _text(token)
    if exact := canonical(text):
        return exact
    raise _RefusedError(f"version {text!r} is not of the form v1.2.3")


def _interval(tokens: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    """(lowest, highest, tokens left over); versions as written (rule.go dontFixRetract)."""
    if tokens[:1] == ("[",) and len(tokens) >= 5 and (tokens[2], tokens[4]) == (",", "]"):
        return _text(tokens[1]), _text(tokens[3]), tokens[5:]
    if not tokens or tokens[0] == "[":
        raise _RefusedError("wanted VERSION or [LOW, HIGH]")
    return _text(tokens[0]), _text(tokens[0]), tokens[1:]


def _is_indirect(comment: str) -> bool:
    # rule.go isIndirect: "// indirect" alone or followed by ";"
    words = comment.removeprefix("//").split()
    return words == ["indirect"] or (len(words) > 1 and words[0] == "indirect;")


def _comment(line: Line) -> str:
    both = (*line.before, line.suffix)
    return "\n".join(comment.removeprefix("//").strip() for comment in both if comment)


def _deprecation(line: Line) -> str:
    found = _DEPRECATED.search(_comment(line))
    return found[1] if found else ""


_GOMOD: dict[str, Callable[[_Reader, Line], None]] = {
    "module": _Reader._module,
    "go": _Reader._go,
    "toolchain": _Reader._toolchain,
    "godebug": _Reader._godebug,
    "require": _Reader._require,
    "exclude": _Reader._exclude,
    "replace": _Reader._replace,
    "retract": _Reader._retract,
    "tool": _Reader._tool,
    "ignore": _Reader._ignore,
}
_GOMOD_BLOCKS = frozenset(_GOMOD) - {"go", "toolchain"}
_GOWORK: dict[str, Callable[[_Reader, Line], None]] = {
    "go": _Reader._go,
    "toolchain": _Reader._toolchain,
    "godebug": _Reader._godebug,
    "use": _Reader._use,
    "replace": _Reader._replace,
}
_GOWORK_BLOCKS = frozenset({"godebug", "use", "replace"})
_LAX = frozenset({"go", "module", "retract", "require", "ignore"})
