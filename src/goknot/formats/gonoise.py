"""Strings and comments of Go source: where they are, and the source without them."""

from __future__ import annotations

import re

WORD = rb"[A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]*+"
NOISE = re.compile(
    rb"//[^\n]*+"
    rb"|/\*(?s:.)*?(?:\*/|\Z)"
    rb'|"(?:[^"\\\n]|\\.)*+"?'
    rb"|`[^`]*+`?"
    rb"|'(?:[^'\\\n]|\\.)*+'?"
)
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?(?>[ \t\r\n]++|//[^\n]*+|/\*(?s:.)*?\*/)*+")


def cleared(source: bytes) -> bytes:
    """The source with every string as ` 0 ` and every comment as white space that keeps the line's end."""
    return NOISE.sub(_stand_in, source)


def _stand_in(noise: re.Match[bytes]) -> bytes:
    text = noise[0]
    if text[:1] != b"/":
        return b" 0 "
    return b"\n" if b"\n" in text else b" "


def end_of_head(source: bytes) -> int:
    """Where the comments end that stand above the package clause."""
    head = _HEAD.match(source)
    return head.end() if head else 0


def has_spanning_noise(source: bytes, begin: int) -> bool:
    """Whether a raw string or a block comment behind a place may span lines; sometimes true where none does."""
    opened = source.find(b"/*", begin)
    while opened >= 0:
        closed = source.find(b"*/", opened + 2)
        if closed < 0 or source.find(b"\n", opened, closed) >= 0:
            return True
        opened = source.find(b"/*", opened + 1)
    if source.find(b"`", begin) < 0:
        return False
    pieces = source[begin:].split(b"`")
    if any(b"\n" in inside for inside in pieces[1::2]):
        return True
    # each has its fellow on its line, but the first of them may be part of a string, a rune or a comment
    for before in pieces[:-1:2]:
        line = before[before.rfind(b"\n") + 1 :]
        if b'"' in line or b"'" in line or b"//" in line:
            return True
    return False


def is_code(source: bytes, at: int) -> bool:
    """Whether a place is outside of strings and comments, in a source where none of them spans lines."""
    line = source[source.rfind(b"\n", 0, at) + 1 : at]
    if b'"' not in line and b"//" not in line and b"`" not in line and b"'" not in line and b"/*" not in line:
        return True
    # what is left open before the place is a string or comment around it
    for noise in NOISE.finditer(source, at - len(line), at):
        if noise.end() == at and not _is_closed(noise[0]):
            return False
    return True


def _is_closed(noise: bytes) -> bool:
    if noise.startswith(b"//"):
        return False
    if noise.startswith(b"/*"):
        return len(noise) >= 4 and noise.endswith(b"*/")
    if len(noise) < 2 or noise[-1] != noise[0]:
        return False
    # a quote that is escaped does not close
    slashes = len(noise) - 1 - len(noise[:-1].rstrip(b"\\"))
    return noise[:1] == b"`" or slashes % 2 == 0


def code_end(source: bytes, at: int, *, clear: bool) -> int:
    """Where the code ends that stands before a place: white space and comments in between are skipped.

    Args:
        source: Without strings and comments that span lines.
        at: The place, which is code.
        clear: Whether the source has no comments at all.
    """
    while True:
        while at and source[at - 1] in b" \t\r\n":
            at -= 1
        if clear or not at:
            return at
        start = source.rfind(b"\n", 0, at) + 1
        if source.find(b"//", start, at) < 0 and source.find(b"/*", start, at) < 0:
            return at
        last = None
        for noise in NOISE.finditer(source, start, at):
            last = noise
        if last is None or last.end() != at or last[0][:1] != b"/":
            return at
        at = last.start()
