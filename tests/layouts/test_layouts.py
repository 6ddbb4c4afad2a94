"""Layout tables against the DWARF of another program, and what is chosen for versions without one."""

from __future__ import annotations

import pytest
from support.builds import build
from support.toolchains import QUICK_VERSIONS, VERSIONS, minor

from goknot.errors import InputError
from goknot.formats.elf import ElfFile
from goknot.layouts import layout
from goknot.layouts.layout import LayoutError

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]
USED = {
    "runtime.mspan": ("startAddr", "npages", "freeindex", "nelems", "allocBits", "gcmarkBits", "sweepgen", "elemsize"),
    "runtime.mheap": ("allspans", "arenas", "sweepgen"),
    "runtime.heapArena": ("spans",),
    "runtime.g": ("stack", "_defer", "sched", "syscallsp", "atomicstatus", "goid", "waitreason", "waiting", "startpc"),
    "runtime.moduledata": ("pcHeader", "ftab", "text", "data", "bss", "types", "gcdatamask", "next"),
    "runtime.special": ("next", "offset", "kind"),
    "runtime.sudog": ("g", "elem", "c", "waitlink"),
}


@pytest.mark.parametrize("version", MATRIX)
def test_table_says_what_a_programs_own_dwarf_says(version: str) -> None:
    table = layout.load((1, minor(version)), "amd64")
    own = layout.from_dwarf(ElfFile(str(build("heap_shapes", version))), table)
    assert own is not None
    for name in set(own.structs) & set(table.structs):
        said = {m: v for m, v in own.structs[name].members.items() if m != "_"}
        assert (own.structs[name].n_bytes, said) == (table.structs[name].n_bytes, table.structs[name].members), name
    for name, members in USED.items():
        for member in members:
            assert own.has(name, member), (name, member)


def test_no_dwarf_no_layout() -> None:
    exe = build("heap_shapes", QUICK_VERSIONS[0], stripped=True)
    assert layout.from_dwarf(ElfFile(str(exe)), layout.load((1, 21), "amd64")) is None


@pytest.mark.parametrize("arch", ["amd64", "arm64"])
def test_every_release_has_a_table_with_what_is_used(arch: str) -> None:
    assert layout.minors(arch) == [(1, number) for number in range(21, 28)]
    for release in layout.minors(arch):
        table = layout.load(release, arch)
        for name, members in USED.items():
            for member in members:
                assert table.width(name, member) > 0
        assert "chan receive" in table.wait_reasons
        assert table.constants["_KindSpecialFinalizer"] in (1, 2)
        assert table.has("runtime.mspan", "largeType") == (release >= (1, 22))
        assert table.has("runtime.heapArena", "bitmap") == (release < (1, 22))


def test_nearest_table() -> None:
    assert layout.choose("go1.24.3", "amd64")[1] == "table go1.24"
    assert layout.choose("go1.99", "amd64")[1] == "table go1.27, the nearest to unknown 'go1.99'"
    assert layout.choose("go1.20.4", "arm64")[0].go == "1.21"
    assert "nearest to unknown 'devel" in layout.choose("devel go1.28-abc", "amd64")[1]
    with pytest.raises(InputError):
        layout.choose("go1.24", "mips")
    with pytest.raises(LayoutError):
        layout.load((1, 24), "amd64").off("runtime.mspan", "nothing")
