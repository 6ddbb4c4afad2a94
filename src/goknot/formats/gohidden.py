"""Where a local variable, parameter or receiver hides the package of its name.

Scopes as in "Declarations and scope" of the Go specification, for what declares a local name in nearly all code. A
declaration that is not understood (a bracketed `var` group inside a function) is passed over: then a selector on the
variable is taken for one on the package, never the other way round.
"""

from __future__ import annotations

import re

from goknot.formats.gonoise import WORD

Span = tuple[int, int]  # half-open

_MAX_PLACES = 1000  # of one name in one file; real files have a handful
_MAX_CLOSURES = 64  # looked at from the inside out, before the function they stand in
_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") | frozenset(range(128, 256))
_ENDS = frozenset(b")]}") | _WORD_BYTES  # where a line ends in these, Go puts a semicolon
_MORE_NAMES = rb"(?:[ \t]*,\s*" + WORD + rb")*+"
_NAMES_BEFORE = rb"(?:" + WORD + rb"[ \t]*,[ \t]*)*$"
_DEFINES = re.compile(_MORE_NAMES + rb"\s*:=")
_TYPED = re.compile(_MORE_NAMES + rb"[ \t]+(?:\.\.\.|<-|[*(\[A-Za-z_\x80-\xff])")
_HEADER = re.compile(rb"(?:^|[{};:]|\belse\b)[ \t]*(if|for|switch|case)[ \t]+" + _NAMES_BEFORE)
_KEYWORD = re.compile(rb"(?:^[ \t]+|[{};:][ \t]*)(?:var|const|type)[ \t]+" + _NAMES_BEFORE)
_TOKEN = re.compile(rb"[(\[{]|[)\]}]|[\n;,=]")
_BRACKET = re.compile(rb"[(\[{]|[)\]}]")
_BLOCK = re.compile(rb"[{}]|\b(?:case|default)\b")
_ELSE = re.compile(rb"[ \t]*else\b")
_LITERAL_TYPE = re.compile(rb"(?:\][0-9A-Za-z_.*\[\]\x80-\xff]*|\b(?:struct|interface)[ \t]*|\})$")
_BODY_TYPE = re.compile(rb"\b(?:struct|interface)[ \t]*$")
_FUNC = re.compile(rb"func[ \t]*(?:" + WORD + rb")?[ \t]*(?=[(\[])")
_METHOD_NAME = re.compile(rb"[ \t]*" + WORD + rb"[ \t]*(?=[(\[])")
_BLANKS = re.compile(rb"[ \t]*+")
_BEFORE_LITERAL = re.compile(rb"(?:^|[=(,:{};&|!<>+\n]|\b(?:return|go|defer|range|case))$")


def hidden_spans(text: bytes, word: bytes) -> list[int]:
    """The parts of a file in which a name means something local.

    Args:
        text: The source without strings and comments.
        word: The name.

    Returns:
        Where the parts begin and end, alternating, ascending and disjoint.
    """
    alone = re.compile(rb"(?<![0-9A-Za-z_.\x80-\xff])" + re.escape(word) + rb"(?![0-9A-Za-z_.\x80-\xff])")
    scopes: list[Span] = []
    for n_seen, place in enumerate(alone.finditer(text)):
        if n_seen == _MAX_PLACES:
            break
        if any(begin <= place.start() < end for begin, end in scopes[-8:]):
            continue
        scope = _scope_of(text, place.start(), place.end())
        if scope is not None and scope[0] < scope[1]:
            scopes.append(scope)
    return _joined(scopes)


def _joined(scopes: list[Span]) -> list[int]:
    spans: list[int] = []
    for begin, end in sorted(scopes):
        if spans and begin <= spans[-1]:
            spans[-1] = max(spans[-1], end)
        else:
            spans += [begin, end]
    return spans


def _scope_of(text: bytes, start: int, end: int) -> Span | None:
    """The scope of what a name at a place declares; None if it declares nothing."""
    before = text[text.rfind(b"\n", 0, start) + 1 : start]
    if _DEFINES.match(text, end):
        header = _HEADER.search(before)
        if header is None:
            return _rest_of_block(text, _end_of_statement(text, end))
        if header[1] == b"case":
            return _rest_of_block(text, _end_of_line(text, end))
        return _header_scope(text, end, chained=header[1] == b"if")
    if _KEYWORD.search(before):
        return _rest_of_block(text, _end_of_statement(text, end))
    if _TYPED.match(text, end):
        return _function_body(text, start)
    return None


def _end_of_line(text: bytes, at: int) -> int:
    end = text.find(b"\n", at)
    return end if end >= 0 else len(text)


def _end_of_statement(text: bytes, at: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, at):
        sign = token[0]
        if sign in b"([{":
            depth += 1
        elif sign in b")]}":
            depth -= 1
            if depth < 0:
                return token.start()
        elif depth == 0 and (sign == b";" or (sign == b"\n" and _is_complete(text, token.start()))):
            return token.end()
    return len(text)


def _is_complete(text: bytes, end: int) -> bool:
    """Whether Go puts a semicolon at the end of this line."""
    while end and text[end - 1] in b" \t\r":
        end -= 1
    return bool(end) and text[end - 1] in _ENDS


def _rest_of_block(text: bytes, begin: int) -> Span:
    """From a place to the end of the block, or of the clause of a switch or select, that it is in."""
    depth = 0
    for token in _BLOCK.finditer(text, begin):
        if token[0] == b"{":
            depth += 1
        elif token[0] == b"}":
            depth -= 1
            if depth < 0:
                return begin, token.start()
        elif depth == 0:
            return begin, token.start()
    return begin, len(text)


def _header_scope(text: bytes, at: int, *, chained: bool) -> Span | None:
    """The scope of what the first statement between `if`, `for` or `switch` and its block declares.

    Args:
        text: The source without strings and comments.
        at: Behind the name.
        chained: Whether the scope goes on through `else`.
    """
    begin, block = _block_of(text, at)
    if block < 0:
        return None
    begin = begin if begin >= 0 else block
    end = _closing(text, block)
    while chained and (following := _ELSE.match(text, end)):
        _, block = _block_of(text, following.end())
        if block < 0:
            break
        end = _closing(text, block)
    return begin, end


def _block_of(text: bytes, at: int) -> Span:
    """Where the first statement of a header ends (-1: there is but one), and where its block begins (-1: nowhere)."""
    depth = 0
    first = -1
    for token in _TOKEN.finditer(text, at):
        sign, start = token[0], token.start()
        if sign == b"{" and depth == 0 and not _LITERAL_TYPE.search(text, max(at, start - 200), start):
            return first, start
        if sign in b"([{":
            depth += 1
        elif sign in b")]}":
            depth -= 1
            if depth < 0:
                break
        elif depth == 0 and sign == b";" and first < 0:
            first = token.end()
        elif depth == 0 and sign == b"\n" and _is_complete(text, start):
            break
    return first, -1


def _closing(text: bytes, opening: int) -> int:
    """The place behind the bracket that closes the one at a place."""
    depth = 0
    for bracket in _BRACKET.finditer(text, opening):
        depth += 1 if bracket[0] in b"([{" else -1
        if depth <= 0:
            return bracket.end()
    return len(text)


def _function_body(text: bytes, place: int) -> Span | None:
    """The body of the function that has a place among its parameters, results or receivers."""
    at = place
    for _ in range(_MAX_CLOSURES):
        at = text.rfind(b"func", 0, at)
        if at <= 0:
            break
        if text[at - 1] == ord("\n"):
            return _body_if_among_parameters(text, at, place)[1]
        is_here, body = _body_if_among_parameters(text, at, place)
        if is_here:
            return body
    at = text.rfind(b"\nfunc", 0, place) + 1
    return _body_if_among_parameters(text, at, place)[1]


def _body_if_among_parameters(text: bytes, at: int, place: int) -> tuple[bool, Span | None]:
    """Whether a place is in the signature that begins with `func` at another, and the body that follows."""
    head = _FUNC.match(text, at)
    if head is None or (at and text[at - 1] in _WORD_BYTES):
        return False, None
    at_line_start = not at or text[at - 1] == ord("\n")
    is_here = False
    end = head.end()
    while text[end : end + 1] in {b"(", b"["}:
        closed = _closing(text, end)
        is_here = is_here or end < place < closed
        name = _METHOD_NAME.match(text, closed) if at_line_start else None
        blanks = name or _BLANKS.match(text, closed)
        end = blanks.end() if blanks else closed
    if not is_here:
        return False, None
    if not at_line_start and not _BEFORE_LITERAL.search(text[max(0, at - 80) : at].rstrip(b" \t\r")):
        return True, None  # a type, not a function
    return True, _body_after(text, end)


def _body_after(text: bytes, at: int) -> Span | None:
    """The braces after a result type; None if the signature stands alone."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        sign, start = token[0], token.start()
        if sign == b"{" and depth == 0 and not _BODY_TYPE.search(text, max(at, start - 80), start):
            return start, _closing(text, start)
        if sign in b"([{":
            depth += 1
        elif sign in b")]}":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0:
            return None
    return None
