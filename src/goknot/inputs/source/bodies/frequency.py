"""How often a function runs, from the functions that call it by name: while the program starts, or without a bound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from goknot.inputs.source.bodies.corpus import File
from goknot.inputs.source.bodies.declarations import declared_as
from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.registers import Registers
from goknot.inputs.source.bodies.sourcetext import Part
from goknot.inputs.source.bodies.texts import Header, header_around, line_of, on_lines_with, text_of
from goknot.model.leakfacts import Spot
from goknot.model.registerfacts import Frequency

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
_MANY = 1000  # turns of a counted loop that are as good as no bound
_NESTS = re.compile(rb"\bfor\b|\bfunc\b")  # what stands before whatever is in a loop or a function literal
_FEW = 20  # turns of one that is worth telling


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
        self.corpus = registers.corpus
        self._known: dict[tuple[str, str], Frequency] = {}

    def of(self, path: str, name: str, depth: int = 0) -> Frequency:
        """How often a function (`F` or `T.M`) of a package runs."""
        key = (path, name)
        if key not in self._known:
            self._known[key] = Frequency("unknown", "it calls itself")
            self._known[key] = self._find(path, name, depth)
        return self._known[key]

    def _find(self, path: str, name: str, depth: int) -> Frequency:
        owner, _, short = name.rpartition(".")
        home = self.corpus.header(path, owner, short)
        if home is not None:
            (_, file, data), start = home
            end = data.find(b"{\n", start)
            if _HANDLER.search(data, start, end if end >= 0 else len(data)):
                return Frequency("many", f"{name} answers requests", Spot(file, line_of(data, start), 1))
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
        if best is not None and (best.kind in {"few", "once", "start"} or not _START.match(short)):
            return best
        if _START.match(short):
            return Frequency("start", f"{name} is called while programs start, as its name says")
        is_api = short[:1].isupper() and not self._is_main(path)
        return Frequency("offered" if is_api else "unknown", "nobody here calls it")

    def _is_main(self, path: str) -> bool:
        return path in self.corpus.nodes and self.corpus.name_of(path) == "main"

    def _sites(self, path: str, owner: str, name: str) -> Iterator[Site]:
        mark = name.encode()
        if owner:
            pattern = re.compile(rb"(?<=\.)" + mark + rb"\b(?!\s*\()|(?<=\.)" + mark + rb"\(")
            if self.corpus.n_methods(name) > 1:
                names = [v.name for v in self.registers.owners.get((path, owner), ())]
                if not names:
                    return
                roots = "|".join(sorted(map(re.escape, names)))
                pattern = (
                    re.compile(rb"(?<=\.)" + mark + rb"\(")
                    if not roots
                    else re.compile(rb"\b(?:" + roots.encode() + rb")\." + mark + rb"\(?")
                )
            for file in self.corpus.with_word_in(mark, path):
                yield from _uses(file, mark, pattern)
            for file, _ in self.corpus.importing(path, mark):
                yield from _uses(file, mark, pattern)
            return
        here = re.compile(rb"(?<![\w.\"])" + mark + rb"\b(?:\[[^\]\n]*\])?\(?")
        for file in self.corpus.with_word_in(mark, path):
            yield from _uses(file, mark, here)
        if name[:1].isupper():
            for file, alias in self.corpus.importing(path, mark):
                there = re.compile(rb"\b" + alias.encode() + rb"\." + mark + rb"\b(?:\[[^\]\n]*\])?\(?")
                yield from _uses(file, mark, there)

    def of_call(self, path: str, spot: Spot, data: bytes, at: int, name: str) -> Frequency:
        """How often a call runs that stands in a function (`F` or `T.M`)."""
        return self._of_site(Site(path, spot.file, data, at, is_call=True), f"{name} itself", 0)

    def is_once(self, path: str, spot: Spot, data: bytes, at: int) -> bool:
        """Whether a place stands in a function literal that sync.Once calls."""
        header = header_around(data, at)
        around = self._around(Site(path, spot.file, data, at, is_call=True), header) if header is not None else None
        return around is not None and around.kind == "start"

    def sites(self, path: str, name: str) -> Iterator[Site]:
        """Where a function (`F` or `T.M`) is named, as far as texts tell."""
        owner, _, short = name.rpartition(".")
        return self._sites(path, owner, short)

    def _of_site(self, site: Site, name: str, depth: int) -> Frequency:
        spot = Spot(site.file, line_of(site.data, site.at), 1)
        header = header_around(site.data, site.at)
        if header is None:
            kind = "start" if site.is_call else "unknown"
            return Frequency(kind, "a package variable begins with it", spot)
        if header.full == name:
            return Frequency("start", "it calls itself")
        starts = not header.owner and header.name in _STARTED
        around = self._around(site, header)
        if around is not None and around.kind != "few":
            return Frequency(around.kind, around.why, spot)
        found = self._of_function(site, header, spot, depth, starts=starts)
        if around is not None and found.kind in {"once", "start"}:
            return Frequency("few", around.why, spot)
        return found

    def _of_function(self, site: Site, header: Header, spot: Spot, depth: int, *, starts: bool) -> Frequency:
        """How often the function around a use runs."""
        if not site.is_call:
            return Frequency("unknown", f"{header.full} hands it on", spot)
        if starts:
            return Frequency("once" if header.name == "main" else "start", f"{header.full} calls it once", spot)
        if depth >= MAX_DEPTH:
            return Frequency("unknown", "called from afar", spot)
        found = self.of(site.package, header.full, depth + 1)
        return Frequency(found.kind, found.why, found.spot or spot)

    def _around(self, site: Site, header: Header) -> Frequency | None:
        """What the loops, function literals and calls around a use say; None if there are none that matter."""
        part = self._parsed(site, header)
        if part is None:
            return None
        at = site.at - part.offset
        few: Frequency | None = None
        node: Node | None = part.root.descendant_for_byte_range(at, at + 1)
        while node is not None and node.type not in {"function_declaration", "method_declaration", "source_file"}:
            found = _says(part, node)
            if found is not None and found.kind != "few":
                return found
            few = few or found
            node = node.parent
        return few

    def _parsed(self, site: Site, header: Header) -> Part | None:
        if _NESTS.search(site.data, header.start + 4, site.at) is None:
            return None
        package = self.program.package(site.package)
        if package is None:
            return None
        declared = declared_as(package, header)
        if declared is not None and declared.start == header.start and declared.source.path == site.file:
            return declared.part
        source = next((s for s in package.files if s.path == site.file), None)
        return source.parse(header.start, header.start + len(text_of(site.data, header))) if source else None


_RANK = ("many", "unknown", "offered", "few", "once", "start")


def _uses(file: File, mark: bytes, pattern: re.Pattern[bytes]) -> Iterator[Site]:
    package, path, data = file
    for match in on_lines_with(data, mark, pattern):
        line = data.rfind(b"\n", 0, match.start()) + 1
        before = data[line : match.start()]
        if before.startswith(b"func ") and data[match.start() - 1 : match.start()] != b"." and b"{" not in before:
            continue  # its own declaration
        if b"//" in before:
            continue
        yield Site(
            package, path, data, match.end() - 1 if match[0].endswith(b"(") else match.start(), match[0].endswith(b"(")
        )


def _says(part: Part, node: Node) -> Frequency | None:
    if node.type == "for_statement":
        return _of_loop(part, node)
    if node.type == "func_literal":
        parameters = node.child_by_field_name("parameters")
        if parameters is not None and _HANDLER.search(part.data, parameters.start_byte, parameters.end_byte):
            return Frequency("many", "a function that answers requests calls it")
        parent = node.parent
        is_argument = parent is not None and parent.type == "argument_list"
        if is_argument and parent is not None and parent.parent is not None:
            callee = part.text(parent.parent.child_by_field_name("function") or parent)
            alone = parent.named_child_count == 1  # singleflight's Do takes a key as well
            if callee.endswith((".Do", "OnceFunc", "OnceValue", "OnceValues")) and alone:
                return Frequency("start", "sync.Once calls it")
            if not callee.startswith("func"):
                return Frequency("unknown", f"a function handed to {callee[:40]} calls it")
    return None


def _of_loop(part: Part, node: Node) -> Frequency | None:
    head = next((c for c in node.named_children if c.type not in {"block", "comment"}), None)
    if head is None or head.type not in {"range_clause", "for_clause"}:
        waits = _WAITS.search(part.data, node.start_byte, node.end_byte) is not None  # others end with their input
        return Frequency("many", "a loop without a bound calls it") if waits else None
    text = part.text(head)
    if head.type == "range_clause":
        bound = re.fullmatch(r"([\d_]+)", part.text(head.child_by_field_name("right") or head))
    else:
        bound = re.search(r"<=?\s*([\d_]+)\b", text)
    turns = int(bound[1].replace("_", "")[:9] or 0) if bound is not None else 0
    if turns < _FEW:
        return None
    return Frequency("many" if turns >= _MANY else "few", f"a loop of {turns} turns calls it")
