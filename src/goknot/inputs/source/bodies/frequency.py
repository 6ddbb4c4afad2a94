"""How often a function runs, from the functions that call it by name: while the program starts, or without a bound."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.registers import Registers
from goknot.inputs.source.bodies.sourcetext import Part
from goknot.inputs.source.bodies.texts import Header, header_around, header_at, line_of, on_lines_with, text_of
from goknot.model.leakfacts import Spot
from goknot.model.registerfacts import Frequency

_METHOD = re.compile(rb"\nfunc \([^)\n]*\) ([\w\x80-\xff]+)\(")
MAX_DEPTH = 5
MAX_SITES = 40
_HANDLER = re.compile(
    rb"http\.ResponseWriter|\*http\.Request\b|\*gin\.Context|echo\.Context|\*fiber\.Ctx|\*?fasthttp\.RequestCtx"
    rb"|\bnet\.Conn\b|\*websocket\.Conn|dns\.ResponseWriter|ssh\.Session|\*net\.TCPConn"
    rb"|\bctx context\.Context, (?:req|in|r|request) \*"
)
_WAITS = re.compile(rb"Accept\w*\(|<-|\bselect \{|time\.Sleep|\.Recv\(|\.Read\w*\(|\.Wait\(|\.Poll\w*\(|\.Fetch\w*\(")
_START = re.compile(
    r"(?i)^(?:init|setup|must|test|benchmark|example|register|newroot|newcmd|newcommand|addflags|bindflags)"
)
_STARTED = frozenset({"main", "init", "TestMain"})
_LARGE = 20  # turns of a counted loop that are many


class Site(NamedTuple):
    """A use of a function's name."""

    package: str
    file: str
    data: bytes
    at: int
    is_call: bool


class Frequencies:
    """Answers how often functions run.

    Args:
        program: Parses the files that name a function that is asked about.
        registers: Knows which files import which package.
    """

    def __init__(self, program: Program, registers: Registers) -> None:
        self.program = program
        self.registers = registers
        self._known: dict[tuple[str, str], Frequency] = {}
        self._methods: Counter[bytes] | None = None

    def of(self, path: str, name: str, depth: int = 0) -> Frequency:
        """How often a function (`F` or `T.M`) of a package runs."""
        key = (path, name)
        if key not in self._known:
            self._known[key] = Frequency("unknown", "it calls itself")
            self._known[key] = self._find(path, name, depth)
        return self._known[key]

    def _find(self, path: str, name: str, depth: int) -> Frequency:
        owner, _, short = name.rpartition(".")
        home = self._header(path, owner, short)
        if home is not None:
            file, data, header = home
            end = data.find(b"{\n", header.start)
            if _HANDLER.search(data, header.start, end if end >= 0 else len(data)):
                return Frequency("many", f"{name} answers requests", Spot(file, line_of(data, header.start), 1))
        if not owner and (short in _STARTED and (short != "main" or self._is_main(path))):
            return Frequency("once" if short == "main" else "start", f"{short} runs once")
        best: Frequency | None = None
        for number, site in enumerate(self._sites(path, owner, short)):
            if number >= MAX_SITES:
                break
            found = self._of_site(site, name, depth)
            if found.kind == "many":
                return found
            if best is None or _RANK.index(found.kind) < _RANK.index(best.kind):
                best = found
        if best is not None and (best.kind in {"once", "start"} or not _START.match(short)):
            return best
        if _START.match(short):
            return Frequency("start", f"{name} is called while programs start, as its name says")
        is_api = short[:1].isupper() and not self._is_main(path)
        return Frequency("offered" if is_api else "unknown", "nobody here calls it")

    def _header(self, path: str, owner: str, name: str) -> tuple[str, bytes, Header] | None:
        pattern = re.compile(
            rb"^func\s*"
            + (rb"\([^)\n]*\b" + owner.encode() + rb"(?:\[[^\]\n]*\])?\)\s*" if owner else b"")
            + name.encode()
            + rb"\b",
            re.MULTILINE,
        )
        for file, data in self.registers.texts(path):
            if name.encode() in data and (found := pattern.search(data)):
                header = header_at(data, found.start())
                if header is not None:
                    return file, data, header
        return None

    def _is_main(self, path: str) -> bool:
        node = self.registers.nodes.get(path)
        return node is not None and self.program.scan.packages[node].name == "main"

    def _sites(self, path: str, owner: str, name: str) -> Iterator[Site]:
        mark = name.encode()
        if owner:
            pattern = re.compile(rb"(?<=\.)" + mark + rb"\b(?!\s*\()|(?<=\.)" + mark + rb"\(")
            if self._n_methods(name) > 1:
                names = [v.name for v in self.registers.owners.get((path, owner), ())]
                if not names:
                    return
                roots = "|".join(sorted(map(re.escape, names)))
                pattern = (
                    re.compile(rb"(?<=\.)" + mark + rb"\(")
                    if not roots
                    else re.compile(rb"\b(?:" + roots.encode() + rb")\." + mark + rb"\(?")
                )
            places = [(path, file, data) for file, data in self.registers.texts(path)]
            places += [(other, file, data) for other, file, data, _ in self.registers.importers(path)]
            for where, file, data in places:
                yield from _uses(where, file, data, mark, pattern)
            return
        here = re.compile(rb"(?<![\w.\"])" + mark + rb"\b(?:\[[^\]\n]*\])?\(?")
        for file, data in self.registers.texts(path):
            yield from _uses(path, file, data, mark, here)
        if name[:1].isupper():
            for other, file, data, alias in self.registers.importers(path):
                there = re.compile(rb"\b" + alias.encode() + rb"\." + mark + rb"\b(?:\[[^\]\n]*\])?\(?")
                yield from _uses(other, file, data, mark, there)

    def of_call(self, path: str, spot: Spot, data: bytes, at: int, name: str) -> Frequency:
        """How often a call runs that stands in a function (`F` or `T.M`)."""
        return self._of_site(Site(path, spot.file, data, at, is_call=True), f"{name} itself", 0)

    def sites(self, path: str, name: str) -> Iterator[Site]:
        """Where a function (`F` or `T.M`) is named, as far as texts tell."""
        owner, _, short = name.rpartition(".")
        return self._sites(path, owner, short)

    def _n_methods(self, name: str) -> int:
        """How many types of the program have a method of that name (or interfaces, which look alike)."""
        if self._methods is None:
            texts = (data for path in self.registers.nodes for _, data in self.registers.texts(path))
            self._methods = Counter(name for data in texts for name in _METHOD.findall(data))
        return self._methods[name.encode()]

    def _of_site(self, site: Site, name: str, depth: int) -> Frequency:  # noqa: PLR0911 (one line a case)
        spot = Spot(site.file, line_of(site.data, site.at), 1)
        header = header_around(site.data, site.at)
        if header is None:
            kind = "start" if site.is_call else "unknown"
            return Frequency(kind, "a package variable begins with it", spot)
        if header.full == name:
            return Frequency("start", "it calls itself")
        starts = not header.owner and header.name in _STARTED
        around = self._around(site, header, starts=starts)
        if around is not None:
            return Frequency(around.kind, around.why, spot)
        if not site.is_call:
            return Frequency("unknown", f"{header.full} hands it on", spot)
        if starts:
            return Frequency("once" if header.name == "main" else "start", f"{header.full} calls it once", spot)
        if depth >= MAX_DEPTH:
            return Frequency("unknown", "called from afar", spot)
        found = self.of(site.package, header.full, depth + 1)
        return Frequency(found.kind, found.why, found.spot or spot)

    def _around(self, site: Site, header: Header, *, starts: bool) -> Frequency | None:
        """What the loops, function literals and calls around a use say; None if there are none that matter."""
        part = self._parsed(site, header)
        if part is None:
            return None
        at = site.at - part.offset
        node: Node | None = part.root.descendant_for_byte_range(at, at + 1)
        while node is not None and node.type not in {"function_declaration", "method_declaration", "source_file"}:
            found = _says(part, node, starts=starts)
            if found is not None:
                return found
            node = node.parent
        return None

    def _parsed(self, site: Site, header: Header) -> Part | None:
        package = self.program.package(site.package)
        source = next((s for s in package.files if s.path == site.file), None) if package is not None else None
        return source.parse(header.start, header.start + len(text_of(site.data, header))) if source else None


_RANK = ("many", "unknown", "offered", "once", "start")


def _uses(package: str, file: str, data: bytes, mark: bytes, pattern: re.Pattern[bytes]) -> Iterator[Site]:
    for match in on_lines_with(data, mark, pattern):
        line = data.rfind(b"\n", 0, match.start()) + 1
        before = data[line : match.start()]
        if before.startswith(b"func ") and data[match.start() - 1 : match.start()] != b"." and b"{" not in before:
            continue  # its own declaration
        if b"//" in before:
            continue
        yield Site(
            package, file, data, match.end() - 1 if match[0].endswith(b"(") else match.start(), match[0].endswith(b"(")
        )


def _says(part: Part, node: Node, *, starts: bool) -> Frequency | None:
    if node.type == "for_statement":
        return _of_loop(part, node, starts=starts)
    if node.type == "func_literal":
        parameters = node.child_by_field_name("parameters")
        if parameters is not None and _HANDLER.search(part.data, parameters.start_byte, parameters.end_byte):
            return Frequency("many", "a function that answers requests calls it")
        parent = node.parent
        is_argument = parent is not None and parent.type == "argument_list"
        if is_argument and parent is not None and parent.parent is not None:
            callee = part.text(parent.parent.child_by_field_name("function") or parent)
            if callee.endswith((".Do", "OnceFunc", "OnceValue", "OnceValues")):
                return Frequency("start", "sync.Once calls it")
            if not callee.startswith("func"):
                return Frequency("unknown", f"a function handed to {callee[:40]} calls it")
    return None


def _of_loop(part: Part, node: Node, *, starts: bool) -> Frequency | None:
    head = next((c for c in node.named_children if c.type not in {"block", "comment"}), None)
    if head is None or head.type not in {"range_clause", "for_clause"}:
        waits = _WAITS.search(part.data, node.start_byte, node.end_byte) is not None  # others end with their input
        return Frequency("many", "a loop without a bound calls it") if waits else None
    text = part.text(head)
    if head.type == "range_clause":
        right = part.text(head.child_by_field_name("right") or head)
        if right.replace("_", "").isdecimal():
            return (
                Frequency("many", f"a loop of {right} turns calls it")
                if int(right.replace("_", "")) >= _LARGE
                else None
            )
        return None
    bound = re.search(r"<=?\s*([\d_]+)\b", text)
    if bound is not None and int(bound[1].replace("_", "") or 0) >= _LARGE:
        return Frequency("many", f"a loop of {bound[1]} turns calls it")
    return None
