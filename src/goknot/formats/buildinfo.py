"""Which Go built an executable: the `.go.buildinfo` blob (debug/buildinfo, cmd/link/internal/ld/data.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = b"\xff Go buildinf:"
HEADER_BYTES = 32
INLINE_STRINGS = 2  # flag: strings follow the header (Go 1.18 and later)
MAX_TEXT_BYTES = 1 << 24


def go_version(blob: bytes) -> str | None:
    """The version text of a blob, e.g. `go1.26.6`; None when it holds none.

    Args:
        blob: From the magic on; may be longer than the blob.
    """
    return next(iter(_strings(blob)), None)


def module_info(blob: bytes) -> str:
    """The text of modules and settings that follows the version; empty when it holds none."""
    texts = list(_strings(blob))
    return texts[1] if len(texts) > 1 else ""


def find_blob(data: bytes | memoryview, addr: int = 0, align: int = 16) -> int:
    """Offset of the blob's magic in `data`, or -1.

    Args:
        data: Memory.
        addr: Where it lies: the blob is aligned in memory.
        align: To what.
    """
    find: Callable[[bytes, int], int] = bytes(data).find
    at = find(MAGIC, 0)
    while at >= 0 and (at + addr) % align:
        at = find(MAGIC, at + 1)
    return at


def _strings(blob: bytes) -> list[str]:
    if len(blob) < HEADER_BYTES or not blob.startswith(MAGIC) or not blob[15] & INLINE_STRINGS:
        return []
    texts, at = [], HEADER_BYTES
    for _ in range(2):
        n_bytes = shift = 0
        while at < len(blob) and shift < 35:
            byte = blob[at]
            at += 1
            n_bytes |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if n_bytes > MAX_TEXT_BYTES or at + n_bytes > len(blob):
            break
        texts.append(blob[at : at + n_bytes].decode("utf-8", "backslashreplace"))
        at += n_bytes
    return texts
