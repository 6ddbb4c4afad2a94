"""How a file of `debug.WriteHeapDump` begins."""

from __future__ import annotations

HEADER = b"go1.7 heap dump\n"


def is_heap_dump(head: bytes) -> bool:
    """Whether a file that begins with `head` is a heap dump."""
    return head.startswith(HEADER)
