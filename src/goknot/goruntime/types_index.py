"""Struct types by name: the linker lists only those that reflect may look up, so the descriptors themselves are found.

The descriptor of whatever is allocated on the heap is always there: the allocator takes it (runtime/malloc.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go

if TYPE_CHECKING:
    from goknot.goruntime.types import TypeTable

STRUCT_BYTES = 80


def structs_by_name(table: TypeTable) -> dict[str, int]:
    """Qualified name -> address of the descriptor; of two with one name neither."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for start, words in table.words():
        n_places = len(words) - STRUCT_BYTES // 8
        if n_places <= 0:
            continue
        flags = words[2 : 2 + n_places]
        kind = (flags >> np.uint64(56)).astype(np.uint8) & np.uint8(go.KIND_MASK)
        # Kind, alignment 1 to 64, and a slice of fields whose length is its capacity (internal/abi/type.go).
        n_fields = words[8 : 8 + n_places]
        likely = (kind == go.STRUCT) & (n_fields == words[9 : 9 + n_places]) & (n_fields <= go.MAX_FIELDS)
        likely &= words[:n_places] >= words[1 : 1 + n_places]
        for at in np.flatnonzero(likely).tolist():
            kind_found = table.type_at(start + 8 * at)
            if kind_found is None or not kind_found.pkg_path:
                continue
            name = kind_found.qualified_name
            if found.setdefault(name, kind_found.addr) != kind_found.addr:
                twice.add(name)
    return {name: addr for name, addr in found.items() if name not in twice}
