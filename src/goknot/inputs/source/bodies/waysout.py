"""Who takes something out of a register again, as far as texts tell.

What a text cannot tell (an alias, an address taken, a variable handed to a function) counts as a way out, so that it
silences.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from goknot.inputs.source.bodies.corpus import File
from goknot.inputs.source.bodies.registers import Registers, Variable
from goknot.inputs.source.bodies.texts import Header, header_around, line_of, on_lines_with
from goknot.model.leakfacts import Spot
from goknot.model.registerfacts import WayOut

_MAX_USES = 6  # calls above one another that are followed


class WaysOut:
    """Answers who takes elements out of registers.

    Args:
        registers: The registers of a program.
    """

    def __init__(self, registers: Registers) -> None:
        self.registers = registers
        self.corpus = registers.corpus
        self._ways: dict[tuple[tuple[str, ...], str, bool], WayOut] = {}
        self._used: dict[tuple[str, str], bool] = {}
        self._replaced: dict[Variable, bool] = {}

    def of(self, register: str, *, nested: bool = False) -> WayOut:
        """Who takes elements out of a register (`package.variable` or `package.variable.field`).

        Args:
            register: Its name.
            nested: Whether what is in question lies in an element of it, such as a slice in a map.
        """
        package_name, _, rest = register.partition(".")
        name, _, fields = rest.partition(".")
        homes: set[str] = set()
        for variable in self.registers.named(package_name, name):
            homes.add(variable.package)
            homes.update(path for path in variable.owner[:1] if path)
        last = fields.rpartition(".")[2]
        if not (last or name).isidentifier():
            return WayOut("there")
        if last and any(self._is_replaced(variable) for variable in self.registers.named(package_name, name)):
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
            if best.kind == "none" and name not in self.registers.slices:
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
            for match in on_lines_with(data, mark, anew):
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
                yield from (file for file, _ in self.corpus.importing(path, name.encode()))

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
