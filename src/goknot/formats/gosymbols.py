"""Which exported names a .go file uses of other packages; lexical, without a parse tree.

Most files are settled by looking at single lines. Only where a raw string or a comment spans lines is the whole file
cleared of strings and comments first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache

from goknot.formats.godeclared import declarations
from goknot.formats.gonoise import WORD, cleared, code_end, end_of_head, has_spanning_noise, is_code

__all__ = ["declarations", "free_names", "package_name_of_alias", "uses"]

_GAP = re.compile(rb"(?<=[0-9A-Za-z_\x80-\xff])[ \t\r]+\.(?!\.)")
_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") | frozenset(range(128, 256))
_OPENS = b"([{!&*"  # what mostly stands right before an operand (or nothing does)
_EXPORTED = rb"[A-Z\x80-\xff][0-9A-Za-z_\x80-\xff]*+"
_NAME = re.compile(rb"(?>[ \t\r\n]|//[^\n]*+\n|/\*(?s:.)*?\*/)*+(" + _EXPORTED + rb")")
_WORDS = re.compile(rb"(?<![0-9A-Za-z_.\x80-\xff])" + _EXPORTED)
_SPLIT_SELECTOR = re.compile(rb"(?<=[A-Za-z_)\]}\x80-\xff])\.\s+")
_METHOD = re.compile(rb"^func[ \t]*\([^)]*\)[ \t]*" + WORD, re.MULTILINE)
_BODY = re.compile(rb"\b(?:struct|interface)[ \t]*\{[^{}]*\}")
_MEMBER = re.compile(
    rb"([{;\n]\s*)" + WORD + rb"(?:(?:\s*,\s*" + WORD + rb")*+[ \t]+(?=[A-Za-z_*(\[<\x80-\xff])|(?=\())"
)
_KEY = re.compile(rb"([{,\n]\s*)" + _EXPORTED + rb"[ \t]*:(?!=)")
_CASE = re.compile(rb"\bcase\b[^:]*+")
_MAJOR = re.compile(r"v[0-9]+")
_DOT_MAJOR = re.compile(r"\.v[0-9]+$")
# what may follow a name where it is declared: `:=`, a comma, a type
_DECLARES = re.compile(rb"(?:[ \t]*,\s*" + WORD + rb")*+(?:\s*:?=(?!=)|[ \t]+(?:\.\.\.|<-|[*(\[A-Za-z_\x80-\xff]))")


def uses(source: bytes, package_by_alias: Mapping[str, str]) -> dict[str, set[str]]:
    """The exported names a file selects from packages.

    Selectors on a local variable, parameter or receiver that hides a package's name are left out where the scope can
    be told; the few others name things the package mostly does not declare.

    Args:
        source: The file.
        package_by_alias: Name the file uses for a package -> its import path; `.` is left out (see `free_names`).

    Returns:
        Import path -> names, without packages of which none is used.
    """
    found: dict[str, set[str]] = {}
    text = source
    begin = end_of_head(source)
    clear = False
    if has_spanning_noise(source, begin) or _has_gap(source):
        text, begin, clear = _GAP.sub(b".", cleared(source)), 0, True
    for alias, path in package_by_alias.items():
        if alias in {".", "_"}:
            continue
        word = alias.encode()
        names = _selected(text, word, begin, clear=clear)
        if names and _may_be_hidden(text, word, begin, clear=clear):
            from goknot.formats.gohidden import hidden_spans  # noqa: PLC0415 (few files need it)

            clean = text if clear else cleared(source)
            names = _selected(clean, word, 0, clear=True, hidden=hidden_spans(clean, word))
        if names:
            found.setdefault(path, set()).update(names)
    return found


def free_names(source: bytes) -> set[str]:
    """Every exported name a file mentions on its own: what `import .` may use of a package that declares it.

    Names of methods, of fields and keys of composite literals are left out; a constant that is the key of a map or an
    array looks like a field and is left out as well, unless it is mentioned elsewhere in the file.
    """
    text = _SPLIT_SELECTOR.sub(b".", cleared(source).replace(b"...", b" "))
    plain = _METHOD.sub(b" ", _BODY.sub(lambda body: _MEMBER.sub(rb"\1 ", body[0]), text))
    words = _WORDS.findall(_KEY.sub(rb"\1 :", plain))
    for clause in _CASE.findall(text):
        words += _WORDS.findall(clause)
    return {name for name in map(_text, set(words)) if name[0].isupper()}


def package_name_of_alias(import_path: str) -> str:
    """The name an import without alias most likely has in a file, where the package itself cannot be asked.

    The path's last element, without a major version: `example.com/log/v2` and `gopkg.in/log.v2` are both `log`.
    """
    rest, _, last = import_path.rpartition("/")
    if rest and _MAJOR.fullmatch(last):
        last = rest.rpartition("/")[2]
    if import_path.startswith("gopkg.in/"):
        last = _DOT_MAJOR.sub("", last)
    return last


def _selected(text: bytes, word: bytes, begin: int, *, clear: bool, hidden: Sequence[int] = ()) -> set[str]:
    """The exported names selected from a word.

    Args:
        text: The source; no string or comment in it spans lines.
        word: The package's name.
        begin: Where to begin.
        clear: Whether the text has no strings and comments at all.
        hidden: Where spans begin and end, alternating and ascending, in which the word means something else.
    """
    found: set[bytes] = set()
    needle = word + b"."
    width = len(needle)
    at = text.find(needle, begin)
    while at >= 0:
        name = _NAME.match(text, at + width)
        if (
            name
            and name[1] not in found
            and _begins_operand(text, at, clear=clear)
            and (clear or is_code(text, at))
            and not bisect_right(hidden, at) % 2
        ):
            found.add(name[1])
        at = text.find(needle, at + width)
    return {name for name in map(_text, found) if name[0].isupper()}


def _begins_operand(text: bytes, at: int, *, clear: bool) -> bool:
    """Whether a word at this place is not the tail of another word, nor a field of something."""
    before = text[at - 1 : at]
    if before in _OPENS:
        return True
    if before[0] in _WORD_BYTES:
        return False
    if before in b" \t" and text[at - 2] in _WORD_BYTES:
        return True
    end = code_end(text, at, clear=clear)
    if text[end - 1 : end] != b".":
        return True
    # a field comes after a dot, but "..." announces a variadic type, and a number may end in a dot
    start = end - 1
    while start and text[start - 1] in _WORD_BYTES:
        start -= 1
    return text[end - 3 : end] == b"..." or text[start : end - 1][:1].isdigit()


def _has_gap(source: bytes) -> bool:
    """Whether white space or a comment may stand in front of a selector's dot, where gofmt leaves none."""
    return source.count(b" .") != source.count(b" ...") or b"\t." in source or b"*/." in source or b"\r." in source


def _may_be_hidden(text: bytes, word: bytes, begin: int, *, clear: bool) -> bool:
    """Whether something of this name may be declared; sometimes true where nothing is."""
    for tail in (b" ", b",", b":", b"\t"):
        at = text.find(word + tail, begin)
        while at >= 0:
            end = at + len(word)
            alone = text[at - 1 : at] != b"." and (not at or text[at - 1] not in _WORD_BYTES)
            if alone and _DECLARES.match(text, end) and (clear or is_code(text, at)):
                return True
            at = text.find(word + tail, end)
    return False


@lru_cache(maxsize=65536)
def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
