"""The head of a .go file, step by step as Go reads it: for the few files one regular expression does not settle.

Sources: go/build/read.go (readGoInfo), go/parser/parser.go (ImportsOnly), go/scanner/scanner.go (tokens, automatic
semicolons, what is illegal where).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from goknot.formats.constraint import ALWAYS, Constraint, ConstraintError, of_header
from goknot.formats.goheader_reader import MORE, read_as_go_does


class Head(NamedTuple):
    """What the head of a file says.

    Attributes:
        package: Name in the package clause; empty if it could not be read.
        paths: What Go takes as the file's imports, in its order; none if Go refuses the head.
        constraint: What the lines above the package clause ask for.
        problem: What is wrong; empty if nothing.
        read_paths: What could be read, `paths` or more.
        unusable: Whether Go takes the file as no part of any package.
    """

    package: str
    paths: tuple[str, ...]
    constraint: Constraint
    problem: str
    read_paths: tuple[str, ...]
    unusable: bool


KEYWORDS = (
    b"break|case|chan|const|continue|default|defer|else|fallthrough|for|func|go|goto|if|import|interface|map|package|"
    b"range|return|select|struct|switch|type|var"
)
BOM = b"\xef\xbb\xbf"
_TOKEN = re.compile(
    rb"(?P<name>[A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]*+)"
    rb"|(?P<string>`[^`]*+`|\"(?:[^\"\\\n]|\\[^\n])*+\")"
    rb"|(?P<comment>//[^\n]*+|/\*(?s:.*?)\*/)"
    rb"|(?P<mark>[;().])"
)
_KEYWORDS = frozenset(KEYWORDS.split(b"|"))
_OTHER_LEGAL = frozenset(b"0123456789'+-*/%&|^<>=!:,[]{}~")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\\"]))")
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}
_ILLEGAL_IN_PATH = frozenset("!\"#$%&'()*,:;<=>?[\\]^{|}`\ufffd")


class _Spec(NamedTuple):
    name: str
    path: str
    offset: int


def parse_head_exactly(data: bytes, *, complete: bool) -> Head | None:
    """Reads the head of a file; see `goheader.parse_head`."""
    text = data.removeprefix(BOM)
    end, trouble = read_as_go_does(text, complete=complete)
    if trouble is MORE:
        return None
    if trouble == "NUL":
        paths = tuple([spec.path for spec in _Parser(text[:end]).parse().specs])
        return Head("", (), ALWAYS, "a zero byte before the end of the imports", paths, True)
    parser = _Parser(text if trouble else text[:end]).parse()
    if trouble and not complete and parser.position >= len(text):
        return None
    paths = tuple([spec.path for spec in parser.specs])
    try:
        constraint = of_header(text if trouble else text[:end])
    except ConstraintError as error:
        return Head(parser.package, (), ALWAYS, f"build constraint: {error}", paths, True)
    if parser.problem:
        return Head(parser.package, (), constraint, parser.problem, paths, False)
    return Head(parser.package, paths, constraint, "", paths, False)


def import_offsets(source: bytes) -> list[tuple[str, str, int]]:
    """(name, path, offset in bytes) of each import that can be read."""
    text = source.removeprefix(BOM)
    shift = len(source) - len(text)
    end, trouble = read_as_go_does(text, complete=True)
    specs = _Parser(text if trouble and trouble != "NUL" else text[:end]).parse().specs
    return [(spec.name, spec.path, spec.offset + shift) for spec in specs]


class _Parser:
    """parser.go parseFile with ImportsOnly; stops at the first error.

    Attributes:
        package: The package's name; empty if the clause is wrong.
        specs: The imports read.
        problem: The first error; empty if none.
        position: Behind the last token read, in bytes.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.package = ""
        self.specs: list[_Spec] = []
        self.problem = ""
        self.position = 0
        self.line = 1
        self._first_illegal = _first_illegal(data)
        self._semicolon_next = False  # scanner.go insertSemi
        self._kind, self._text, self._start = "", b"", 0

    def parse(self) -> _Parser:
        """Reads the package clause and the imports."""
        self._next()
        name = ""
        if self._expect("package"):
            name = self._text.decode("utf-8", "replace")
            if self._expect("name") and self._semicolon() and not self.problem:
                self.package = name
                while self._kind == "import" and self._declaration():
                    pass
        return self

    def _declaration(self) -> bool:
        self._next()
        if self._kind != "(":
            return self._spec()
        self._next()
        while self._kind not in (")", "end"):
            if not self._spec():
                return False
        return self._expect(")") and self._semicolon()

    def _spec(self) -> bool:
        start, name = self._start, ""
        if self._kind in ("name", "."):
            name = self._text.decode("utf-8", "replace")
            self._next()
        literal = self._text
        if not self._expect("string"):
            return False
        path = _unquote(literal)
        if path is None:
            return self._fail("an import path with a broken escape")
        if not _is_import_path(path):
            self._fail(f"invalid import path: {path}")  # read.go readGoInfo goes on after this one
        else:
            self.specs.append(_Spec(name, path, start))
        return self._semicolon()

    def _semicolon(self) -> bool:
        if self._kind == ")" or self._text == b"}":
            return True
        return self._expect(";")

    def _expect(self, kind: str) -> bool:
        if self._kind != kind:
            found = self._text.decode("utf-8", "replace") if self._kind != "end" else "the end of the file"
            return self._fail(f"{_WORDS.get(kind, kind)} expected, {found.strip() or 'a new line'} found")
        self._next()
        return True

    def _fail(self, what: str) -> bool:
        if not self.problem:
            line = self.data.count(b"\n", 0, self._start) + 1
            self.problem = f"line {line}: {what}"
        return False

    def _next(self) -> None:
        """Moves to the next token; scanner.go Scan."""
        kind, text, start, end = self._scan()
        self._kind, self._text, self._start, self.position = kind, text, start, end
        self._semicolon_next = kind in ("name", "string", ")") or text in _ENDS_STATEMENT
        if self._first_illegal <= end:  # the scanner is one character ahead
            self._start, start = self._first_illegal, self._start
            self._fail("bytes that are not UTF-8, or a stray byte order mark or zero byte")
            self._start = start

    def _scan(self) -> tuple[str, bytes, int, int]:
        data, position = self.data, self.position
        while position < len(data):
            byte = data[position]
            if byte == 0x0A and self._semicolon_next:
                return ";", b"\n", position, position + 1
            if byte in b" \t\r\n":
                position += 1
                continue
            match = _TOKEN.match(data, position)
            if match is None:
                return self._odd(position)
            kind, text, end = match.lastgroup or "", match[0], match.end()
            if kind == "comment":
                if self._semicolon_next and text.startswith(b"/*") and b"\n" in text:
                    return ";", b"\n", position, end
                position = end
                continue
            if kind == "mark":
                kind = text.decode()
            elif kind == "name":
                kind = text.decode() if text in _KEYWORDS else kind
                if not text.isascii() and not _is_identifier(text):
                    self._start = position
                    self._fail("an illegal character")
            return kind, text, position, end
        if self._semicolon_next:
            return ";", b"\n", len(data), len(data)
        return "end", b"", len(data), len(data)

    def _odd(self, position: int) -> tuple[str, bytes, int, int]:
        self._start = position
        if self.data.startswith(b"/*", position):
            self._fail("a comment that is not closed")
            return "end", b"", position, len(self.data)
        if self.data[position] not in _OTHER_LEGAL:
            what = "a string that is not closed" if self.data[position] in b'"`' else "an illegal character"
            self._fail(what)
        return "other", self.data[position : position + 1], position, position + 1


_WORDS = {"package": "a package clause", "name": "a name", "string": "an import path", ";": "a new line"}
_ENDS_STATEMENT = (b"break", b"continue", b"fallthrough", b"return", b"]", b"}", b"'")


def _first_illegal(data: bytes) -> int:
    """Offset of the first bytes that Go's scanner refuses anywhere; behind the end if there are none."""
    first = len(data) + 1
    try:
        data.decode()
    except UnicodeDecodeError as error:
        first = error.start
    for stray in (data.find(0), data.find(BOM, 1)):
        if stray >= 0:
            first = min(first, stray)
    return first


def _is_identifier(text: bytes) -> bool:
    return all(c == "_" or c.isalpha() or c.isdecimal() for c in text.decode("utf-8", "replace"))


def _unquote(literal: bytes) -> str | None:
    if literal.startswith(b"`"):
        return literal[1:-1].replace(b"\r", b"").decode("utf-8", "replace")
    text = literal[1:-1].decode("utf-8", "replace")
    if "\\" not in text:
        return text
    if "\\" in _ESCAPE.sub("", text):
        return None
    plain = _ESCAPE.sub(_unescaped, text)
    return None if "\udc00" in plain else plain


def _unescaped(match: re.Match[str]) -> str:
    """One escape's character; U+DC00 stands for what no string may hold."""
    if match[5]:
        return _SIMPLE[match[5]]
    code = int(match[4], 8) if match[4] else int(match[1] or match[2] or match[3], 16)
    if match[1] or match[4]:
        if code > 255:
            return "\udc00"
        return chr(code) if code < 0x80 else "\ufffd"  # a lone byte is no UTF-8; two in a row may be, paths have none
    return "\udc00" if code > 0x10FFFF or 0xD800 <= code < 0xE000 else chr(code)


def _is_import_path(path: str) -> bool:
    """read.go isValidImport: graphic characters, no space, none of a few."""
    from unicodedata import category  # noqa: PLC0415 (few trees need it)

    return bool(path) and all(category(c)[0] in "LMNPS" and c not in _ILLEGAL_IN_PATH for c in path)
