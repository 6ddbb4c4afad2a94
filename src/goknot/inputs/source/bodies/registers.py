"""Package variables that hold objects, found in the text of a program: who puts something in, who takes it out.

Nothing is parsed for this: a program has thousands of variables and few registers. What a text cannot tell (an alias,
an address taken, a variable handed to a function) counts as a way out, so that it silences.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from goknot.inputs.source.bodies.corpus import Corpus, File
from goknot.inputs.source.bodies.texts import Header, header_around, line_of, on_lines_with, result_of, text_of
from goknot.model.leakfacts import Spot
from goknot.model.registerfacts import WayOut

_VAR_LINE = re.compile(rb"var[ \t]+(\w+(?:, *\w+)*)[ \t]*([^\n]*)")
_VAR_BLOCK = re.compile(rb"^var \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
_BLOCK_LINE = re.compile(rb"^\t(\w+(?:, *\w+)*)[ \t]+([^\n]*)", re.MULTILINE)
_CONTAINER = re.compile(rb"(?:=\s*&?)?(?:make\(\s*)?(?:new\(\s*)?\*?(?:map\[|\[\]|sync\.Map\b|list\.(?:List|New)\b)")
_SCALARS = re.compile(
    rb"\[\](?:byte|string|int\d*|uint\d*|rune|bool|float\d+|error)\b|map\[[\w.]+\](?:string|bool|u?int\d*|float\d+)\b"
)
_STRUCT = re.compile(rb"(?:=\s*)?(?:(&)|(\*))?(?:new\(\s*\*?)?([A-Za-z_][\w.]*)(?:\[[^\]\n]*\])?\s*(\{|\(|\)|$|//|=|`)")
_PUT_MARKS = (
    b" = append(",
    b"] = ",
    b".Store(",
    b".LoadOrStore(",
    b".Swap(",
    b".PushBack(",
    b".PushFront(",
    b".InsertBefore(",
    b".InsertAfter(",
)
_IMPORT = re.compile(rb'^\s*(?:import\s+)?(?:(\w+)\s+)?"([^"\n]+)"\s*$', re.MULTILINE)
_LHS = re.compile(rb"([A-Za-z_][\w.]*)$")
_NOT_TYPES = frozenset(
    (
        b"func",
        b"map",
        b"chan",
        b"interface",
        b"struct",
        b"make",
        b"nil",
        b"true",
        b"false",
        b"string",
        b"int",
        b"bool",
        b"error",
    )
)


_IDLE = re.compile(rb"^func main\(\) \{\s*\}", re.MULTILINE)
_OFFERED = re.compile(rb"^(?:func|var) [A-Z]", re.MULTILINE)
_MAX_USES = 6  # calls above one another that are followed


class Variable(NamedTuple):
    """A package variable that may be, or lead to, a register.

    Attributes:
        package: Import path.
        owner: (import path, name) of its type if that is a struct of the program; empty names for containers.
    """

    package: str
    package_name: str
    name: str
    owner: tuple[str, str]
    spot: Spot


class Put(NamedTuple):
    """A statement that puts something into a container that a package variable leads to."""

    package: str
    function: str
    slot: str


class Registers:
    """The registers of a program.

    Args:
        corpus: Its texts are read; nothing is parsed.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self.variables: dict[tuple[str, str], Variable] = {}  # (import path, name)
        self.owners: dict[tuple[str, str], list[Variable]] = defaultdict(list)
        self._aliases: dict[bytes, dict[str, str]] = {}  # text of a file -> name in it -> import path
        self._replaced: dict[Variable, bool] = {}
        self._declared_at: dict[tuple[bytes, int, str], int] = {}  # (file, function, name) -> where it is declared
        for path in corpus.nodes:
            self._variables(path)
        self.slices: set[str] = set()  # names of what is appended to
        self.puts = sorted(set(self._puts()))
        self._ways: dict[tuple[tuple[str, ...], str, bool], WayOut] = {}
        self._used: dict[tuple[str, str], bool] = {}

    def named(self, package_name: str, name: str) -> list[Variable]:
        """The variables of that name, of packages of that name."""
        return [v for v in self.variables.values() if v.name == name and v.package_name == package_name]

    # finding

    def _variables(self, path: str) -> None:
        for file in self.corpus.files(path):
            if b"\nvar " not in file.data:
                continue
            for names, rest, at in _declarations(file.data):
                found = self._kind(path, file.data, rest)
                if found is None:
                    continue
                for name in names.decode("utf-8", "replace").split(","):
                    spot = Spot(file.path, line_of(file.data, at), 1)
                    variable = Variable(path, self.corpus.name_of(path), name.strip(), found, spot)
                    self.variables[path, variable.name] = variable
                    if found[1]:
                        self.owners[found].append(variable)

    def _kind(self, path: str, data: bytes, rest: bytes) -> tuple[str, str] | None:
        """The struct type of a variable, empty names for a container, None for anything else."""
        if _CONTAINER.match(rest):
            return None if _SCALARS.search(rest) else ("", "")
        if rest.startswith((b"= struct", b"struct", b"= &struct")):
            return (path, "")
        found = _STRUCT.match(rest)
        if found is None or found[3] in _NOT_TYPES:
            return None
        text = found[3].decode("utf-8", "replace")
        home = path
        if "." in text:
            alias, _, text = text.partition(".")
            home = self._path_of(data, alias)
        if not home or "." in text:
            return None
        if found[4] == b"(" and not found[0].lstrip(b"= ").startswith(b"new("):
            result = next((r for other in self.corpus.files(home) if (r := result_of(other.data, text))), "")
            if not result or "." in result:
                return None
            text = result
        return (home, text)

    def _path_of(self, data: bytes, alias: str) -> str:
        """The import path behind a package's name in a file, if it is one of the scan."""
        known = self._aliases.get(data)
        if known is None:
            known = self._aliases[data] = {}
            first = data.find(b"\nfunc ")
            for given, path in _IMPORT.findall(data, 0, first if first >= 0 else len(data)):
                text = path.decode("utf-8", "replace")
                if text in self.corpus.nodes:
                    known.setdefault(given.decode("utf-8", "replace") or self.corpus.name_of(text), text)
        return known.get(alias, "")

    def _puts(self) -> Iterator[Put]:
        own: dict[str, set[str]] = defaultdict(set)
        exported = {v.name for v in self.variables.values() if v.name[:1].isupper()}
        types = {name for path, name in self.owners}
        for variable in self.variables.values():
            own[variable.package].add(variable.name)
        for path in self.corpus.nodes:
            names = own[path]
            if not names and not exported and not types:
                continue
            for file in self.corpus.files(path):
                for at in _puts_in(file.data):
                    put = self._put(path, file.data, at, names, exported)
                    if put is not None:
                        yield put

    def _put(self, path: str, data: bytes, at: int, names: set[str], exported: set[str]) -> Put | None:
        lhs = _left(data, at)
        if not lhs:
            return None
        root, _, rest = lhs.partition(".")
        is_foreign = bool(rest) and rest.partition(".")[0] in exported
        if not rest and root not in names:
            return None
        header = header_around(data, at)
        if header is None or header.name == "init":
            return None
        slot = ""
        if is_foreign or root in names:
            is_foreign = is_foreign and (self._path_of(data, root), rest.partition(".")[0]) in self.variables
            is_own = root in names and header.receiver != root and not self._is_local(data, header, at, root)
            slot = lhs if is_foreign or is_own else ""
        if not slot:
            if header.receiver != root or (path, header.owner) not in self.owners:
                return None
            slot = f"{header.owner}.{rest}"
        if data.startswith(b" = append(", at):
            self.slices.add(slot.rpartition(".")[2])
        return Put(path, header.full, slot)

    def _is_local(self, data: bytes, header: Header, at: int, name: str) -> bool:
        """Whether a function declares a variable or parameter of a name before some place."""
        key = (data, header.start, name)
        if key not in self._declared_at:
            n = re.escape(name)
            variable = rf"(?<![\w.]){n}[ \t]*(?:,[ \t]*\w+[ \t]*)*:=|\bvar {n}\b"
            parameter = rf"[(,][ \t\n]*{n}(?:, *\w+)* +(?:\.\.\.)?[\w*\[(<]"
            found = re.search(f"{variable}|{parameter}".encode(), text_of(data, header))
            self._declared_at[key] = header.start + found.start() if found is not None else len(data)
        return self._declared_at[key] < at

    def is_plugin(self, path: str) -> bool:
        """Whether a package is a plugin: a main that does nothing, with something to look up."""
        if self.corpus.name_of(path) != "main":
            return False
        files = self.corpus.files(path)
        return any(_IDLE.search(file.data) for file in files) and any(_OFFERED.search(file.data) for file in files)

    # ways out

    def way_out(self, register: str, *, nested: bool = False) -> WayOut:
        """Who takes elements out of a register (`package.variable` or `package.variable.field`).

        Args:
            register: Its name.
            nested: Whether what is in question lies in an element of it, such as a slice in a map.
        """
        package_name, _, rest = register.partition(".")
        name, _, fields = rest.partition(".")
        homes: set[str] = set()
        for variable in self.named(package_name, name):
            homes.add(variable.package)
            homes.update(path for path in variable.owner[:1] if path)
        last = fields.rpartition(".")[2]
        if not (last or name).isidentifier():
            return WayOut("there")
        if last and any(self._is_replaced(variable) for variable in self.named(package_name, name)):
            return WayOut("there", f"what sets {name} anew")
        key = (tuple(sorted(homes)), last or name, bool(last))
        if key not in self._ways:
            self._ways[key] = self._way(*key)
        if nested and self._ways[key].kind == "none":
            return self._way_of_elements(*key)
        return self._ways[key]

    def _way_of_elements(self, homes: Iterable[str], name: str, is_field: bool) -> WayOut:
        """Whether an element is set to something else than itself with more in it, or gets another name."""
        n = rf"(?<![\w]){re.escape(name)}\[[^\n\]]*\]"
        pattern = re.compile(rf"{n}\s*=(?!=)(?!\s*append\(\s*[\w.]*{n})|:?=\s*[\w.]*{n}".encode())
        for _, path, data in self._places(homes, name, is_field=is_field):
            for match in pattern.finditer(data):
                header = header_around(data, match.start())
                if header is not None:
                    return WayOut("alias", header.full, Spot(path, line_of(data, match.start()), 1))
        return WayOut("none")

    def _way(self, homes: Iterable[str], name: str, is_field: bool) -> WayOut:
        best = WayOut("none")
        takes, aliases = _patterns(name, is_field=is_field)
        mark = f".{name}".encode() if is_field else name.encode()
        for home, file, data in self._places(homes, name, is_field=is_field):
            for match in on_lines_with(data, mark, takes):
                header = header_around(data, match.start())
                if header is None or _begins(data, match, header, is_field=is_field):
                    continue
                spot = Spot(file, line_of(data, match.start()), 1)
                found = WayOut("there" if self._is_used(home, header) else "unused", header.full, spot)
                if found.kind == "there":
                    return found
                if best.kind in {"none", "unused"}:
                    best = found
            if best.kind == "none" and name not in self.slices:
                for match in on_lines_with(data, mark, aliases):
                    header = header_around(data, match.start())
                    if header is not None and not _HARMLESS.search(data, max(0, match.start() - 40), match.start()):
                        best = WayOut("alias", header.full, Spot(file, line_of(data, match.start()), 1))
                        break
        return best

    def _is_replaced(self, variable: Variable) -> bool:
        """Whether a function sets a variable anew, with all that it leads to."""
        if variable not in self._replaced:
            self._replaced[variable] = self._is_set(variable)
        return self._replaced[variable]

    def _is_set(self, variable: Variable) -> bool:
        anew, _ = _patterns(variable.name, is_field=False)
        mark = variable.name.encode()
        for _, _, data in self.corpus.with_word_in(mark, variable.package):
            for match in anew.finditer(data):
                header = header_around(data, match.start())
                is_set = match[0].rstrip().endswith(b"=") and header is not None and header.name not in {"init", "main"}
                if is_set and header is not None and not _begins(data, match, header, is_field=True):
                    return True
        return False

    def _places(self, homes: Iterable[str], name: str, *, is_field: bool) -> Iterator[File]:
        """The files that name a variable or field; a field of a field may be of any package."""
        if is_field:
            yield from self.corpus.with_word(name.encode())
            return
        for path in homes:
            yield from self.corpus.with_word_in(name.encode(), path)
            if name[:1].isupper():
                importers = self.corpus.importers(path)
                yield from (file for file in self.corpus.with_word(name.encode()) if file in importers)

    def _is_used(self, path: str, header: Header, depth: int = 0) -> bool:
        """Whether a function is called by one that runs, or may be by whoever imports its package."""
        key = (path, header.full)
        if key not in self._used:
            self._used[key] = depth >= _MAX_USES  # what calls itself alone does not run
            self._used[key] = self._used[key] or self._find_use(path, header, depth)
        return self._used[key]

    def _find_use(self, path: str, header: Header, depth: int) -> bool:
        name, where = header.name, self.corpus.name_of(path)
        is_api = name[:1].isupper() and "/internal/" not in f"/{path}/" and where != "main"
        if is_api or name in {"init", "main"}:
            return True
        mark = name.encode()
        use = re.compile(rb"(?<!func )(?<!\) )\b" + mark + rb"\s*\(|(?:[.(,=]\s*)" + mark + rb"\b(?!\s*\()")
        everywhere = name[:1].isupper()
        for other, _, data in self.corpus.with_word(mark) if everywhere else self.corpus.with_word_in(mark, path):
            for match in on_lines_with(data, mark, use):
                around = header_around(data, match.start())
                if around is None or (around != header and self._is_used(other, around, depth + 1)):
                    return True
        return False


def _puts_in(data: bytes) -> Iterator[int]:
    """Where a text may put something into a container."""
    for mark in _PUT_MARKS:
        at = data.find(mark)
        while at >= 0:
            yield at
            at = data.find(mark, at + 1)


def _declarations(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Names, the rest of the line, and the offset of each package variable."""
    at = data.find(b"\nvar")
    while at >= 0:
        match = _VAR_LINE.match(data, at + 1)
        if match is not None:
            yield match[1], match[2], match.start()
        at = data.find(b"\nvar", at + 4)
    if b"\nvar (" in data:
        for block in _VAR_BLOCK.finditer(data):
            for line in _BLOCK_LINE.finditer(block[1]):
                yield line[1], line[2], block.start(1) + line.start(1)


def _left(data: bytes, at: int) -> str:
    """The dotted name before an append, a store to an element or a call that stores; empty if it is something else."""
    start = data.rfind(b"\n", 0, at) + 1
    text = data[start:at]
    if data[at : at + 2] == b"] ":
        head, bracket, _ = text.partition(b"[")
        if not bracket:
            return ""
        text = head
    found = _LHS.search(text)
    return found[1].decode("utf-8", "replace") if found is not None else ""


def _begins(data: bytes, match: re.Match[bytes], header: Header, *, is_field: bool) -> bool:
    """Whether what is set anew is set for the first time: in a constructor, or where it is nil."""
    if not match[0].rstrip().endswith(b"=") or _EMPTIED.match(data, match.end()):
        return False
    if header.name.lower().startswith(("new", "init", "make", "setup") if is_field else ("init", "setup")):
        return True
    before = data[max(0, match.start() - 200) : match.end()].rstrip().splitlines()[-2:]
    return any(b"== nil" in line or (b"len(" in line and b"== 0" in line) for line in before)


_EMPTIED = re.compile(rb"\s*(?:nil\b|[\w.]+\[:0\])")
_HARMLESS = re.compile(
    rb"(?:\b(?:len|cap|range|append|copy|fmt\.\w+|json\.\w+|sort\.\w+|maps\.(?:Keys|Values|Clone))|log\w*\.\w+)\s*$"
)


def _patterns(name: str, *, is_field: bool) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """What takes elements out of a variable or field, and what gives it another name."""
    # n follows something else than a name; m may stand anywhere
    n = rf"[\w.\[\]()]*\.{name}" if is_field else rf"(?:[a-z]\w*\.)?{name}"
    m = rf"\.{name}" if is_field else rf"(?<![\w.])(?:[a-z]\w*\.)?{name}"
    takes = (
        rf"\b(?:delete|clear)\(\s*&?{n}\b"
        rf"|(?:^|[;{{,]|\bif )[ \t]*{n}[ \t]*(?:,[^\n=]*)?=(?!=)"  # set anew, but for what is added to it
        rf"(?![ \t]*append\(\s*{n}\s*,)(?![ \t]*append\([^\n]*,\s*{n}\.\.\.\))"
        rf"|{m}\[[^\n\]]*\]\s*=\s*nil\b"
        rf"|{m}\.(?:Delete|LoadAndDelete|CompareAndDelete|CompareAndSwap|Clear|Remove|Init)\("
        rf"|\bmaps\.DeleteFunc\(\s*{n}\b"
        rf"|&{n}\b(?!\[)"
    )
    aliases = rf":?=\s*{n}\s*(?:$|[\n,;])|\breturn\s+{n}\s*(?:$|[\n,;])|\(\s*{n}\s*[,)]|,\s*{n}\s*[,)]"
    return re.compile(takes.encode(), re.MULTILINE), re.compile(aliases.encode(), re.MULTILINE)
