"""What variables without a name are called: after what points at them, and only so far as that can reach."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from goknot.formats.elfsymbols import Symbols
from goknot.goruntime.roots import Names

DATA, BSS = (0x1000, 0x2000), (0x2000, 0x3000)


def names(*symbols: tuple[str, int, int], slide: int = 0) -> Names:
    """Of a module with these variables (name, address, bytes), in which `holder` at 0x1000 points at 0x1140."""
    texts = b"\0".join(name.encode() for name, _, _ in symbols) + b"\0"
    offs = [texts.find(name.encode() + b"\0") for name, _, _ in symbols]
    table = Symbols(
        np.array([addr for _, addr, _ in symbols], np.uint64),
        np.array([n_bytes for _, _, n_bytes in symbols], np.uint64),
        np.array(offs, np.uint32),
        texts,
    )
    module = SimpleNamespace(data=tuple(at + slide for at in DATA), bss=tuple(at + slide for at in BSS))
    made = Names(module, "", table, slide)  # type: ignore[arg-type] # of a module it asks no more
    made.note_pointers(np.array([0x1000 + slide], np.uint64), np.array([0x1140 + slide], np.uint64))
    return made


@pytest.mark.parametrize("slide", [0, 0x550000])
@pytest.mark.parametrize(
    ("place", "following", "expected"),
    [
        (0x1140, 64, "main.holder (data+0x140)"),
        (0x1178, 64, "main.holder (data+0x178)"),
        (0x1180, 64, "data+0x180"),  # the next one: no longer than `next`, which lies behind both
        (0x1198, 64, "data+0x198"),
        (0x1198, 128, "main.holder (data+0x198)"),
        (0x1138, 64, "data+0x138"),
        (0x1198, 0, "main.holder (data+0x198)"),  # its size is not said
    ],
)
def test_no_longer_than_the_next_variable(place: int, following: int, expected: str, slide: int) -> None:
    made = names(("main.holder", 0x1000, 8), ("main.next", 0x11C0, following), slide=slide)
    assert made.name(-1, place + slide) == expected


def test_the_next_variable_of_another_section_says_nothing() -> None:
    made = names(("main.holder", 0x1000, 8), ("main.small", 0x2000, 1))
    assert made.name(-1, 0x1FF8) == "main.holder (data+0xff8)"
    assert names(("main.holder", 0x1000, 8)).name(-1, 0x1FF8) == "main.holder (data+0xff8)"


def test_with_a_name_between() -> None:
    made = names(("main.holder", 0x1000, 8), ("main.between", 0x1160, 8), ("main.next", 0x11C0, 128))
    assert made.name(-1, 0x1198) == "data+0x198"
