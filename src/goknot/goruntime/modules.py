"""Finds what Go linked into a process: version and modules, by structure, with or without symbols."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import GoknotError, InputError
from goknot.formats import buildinfo
from goknot.formats.elfsymbols import read_exported, read_variables
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from goknot.layouts.layout import Layout
    from goknot.memory.source import Source
    from goknot.memory.space import AddressSpace

MAGIC = 0xFFFFFFF1  # abi.Go120PCLnTabMagic: Go 1.20 and later
SECTIONS = (".go.module", ".noptrdata", ".data", ".data.rel.ro")  # .go.module: Go 1.26 and later
MAX_MODULES = 4096
MAX_TABLE_BYTES = 1 << 33
MAX_SEARCH_BYTES = 1 << 28
DATA = "runtime.moduledata"


@dataclass(frozen=True, slots=True)
class Table:
    """A slice of the module's tables: address and number of entries."""

    addr: int
    n: int


@dataclass(frozen=True, slots=True)
class Module:
    """A `runtime.moduledata`: the executable, a plugin or a shared library of Go code.

    Attributes:
        is_bad: `plugin.Open` refused it; it stays mapped (runtime/plugin.go, `plugin_lastmoduleinit`).
        is_active: It is one of `runtime.activeModules`: only those have roots (runtime/symtab.go, `modulesinit`).
    """

    name: str
    addr: int
    text_addr: int
    etext_addr: int
    data: tuple[int, int]
    bss: tuple[int, int]
    noptrdata: tuple[int, int]
    noptrbss: tuple[int, int]
    types: tuple[int, int]
    gcdatamask_addr: int
    gcbssmask_addr: int
    gofunc_addr: int
    rodata_addr: int
    quantum: int
    funcnametab: Table
    cutab: Table
    filetab: Table
    pctab: Table
    pclntable: Table
    ftab: Table
    textsectmap: Table
    is_bad: bool
    is_active: bool


def find_version(source: Source) -> str | None:
    """Go's version as the build information says it; None when there is none."""
    if source.executable is not None:
        elf = source.executable.elf
        section = elf.sections().get(".go.buildinfo")
        if section is not None:
            return buildinfo.go_version(elf.section_bytes(section))
    for start, end in _data_ranges(source):
        data = source.space.read(start, end - start)
        at = buildinfo.find_blob(data, start)
        if at >= 0:
            return buildinfo.go_version(data[at:])
    return None


def find_modules(source: Source, layout: Layout) -> tuple[Module, ...]:
    """All modules, the executable first.

    Raises:
        InputError: There is no Go program in the image, or its tables make no sense.
    """
    candidates = _candidates(source)
    found: dict[int, tuple[Module, int]] = {}
    for addr in candidates:
        module = module_at(source.space, layout, addr)
        if module is not None:
            found[addr] = module
    if not found:
        missing = [problem for problem in source.problems if problem.startswith("the executable ")]
        hint = f"{missing[0]}: name it with --exe FILE" if missing else "is the executable the one that ran?"
        raise InputError(source.where, "holds no Go program that can be read", hint)
    following = {after for _, after in found.values()}
    first = next((addr for addr in found if addr not in following), min(found))
    modules: list[Module] = []
    at, seen = first, set()
    while at and at not in seen and len(modules) < MAX_MODULES:
        seen.add(at)
        module = module_at(source.space, layout, at)
        if module is None:
            break
        modules.append(module[0])
        at = module[1]
    active = _active(source) if len(modules) > 1 else None
    if active is None:
        return tuple(modules)
    return tuple(replace(module, is_active=module.addr in active) for module in modules)


def _active(source: Source) -> frozenset[int] | None:
    """Addresses of the active modules by `runtime.modulesSlice`; None where its name is not kept or it is not set."""
    if source.executable is None:
        return None
    elf, slide = source.executable.elf, source.executable.slide
    for symbols in (read_variables(elf), read_exported(elf)):
        number = symbols.numbered("runtime.modulesSlice") if symbols else -1
        if symbols is not None and number >= 0:
            return _listed(source.space, int(symbols.addr[number]) + slide)
    return None


def _listed(space: AddressSpace, place: int) -> frozenset[int] | None:
    """The modules in the slice that the pointer at `place` leads to."""
    try:
        header = int(space.words(place, 1)[0])
        first, n_modules = (int(word) for word in space.words(header, 2)) if header else (0, 0)
        return frozenset(map(int, space.words(first, n_modules))) if 0 < n_modules <= MAX_MODULES else None
    except MissingMemoryError:
        return None


def _data_ranges(source: Source) -> list[tuple[int, int]]:
    """Where moduledata and build information can be."""
    if source.executable is not None:
        sections = source.executable.elf.sections()
        slide = source.executable.slide
        named = [sections[name] for name in SECTIONS if name in sections]
        ranges = [(s.addr + slide, s.addr + slide + s.n_bytes) for s in named]
        if not ranges:
            ranges = [
                (s.addr + slide, s.addr + slide + s.n_file_bytes) for s in source.executable.elf.segments if s.flags & 2
            ]
    else:
        backed = [(b.start_addr, b.end_addr) for b in source.backing]
        ranges = [r for r in source.writable if any(s < r[1] and r[0] < e for s, e in backed)] or list(source.writable)
    return [(s, e) for s, e in ranges if 0 < e - s <= MAX_SEARCH_BYTES and source.space.has(s, e - s)]


def _candidates(source: Source) -> list[int]:
    """Addresses of words that point at a pclntab header."""
    found = []
    for start, end in _data_ranges(source):
        first = -(-start // 8) * 8
        words = source.space.words(first, (end - first) // 8)
        heads = source.space.words_at(words)
        quantum = (heads >> np.uint64(48)) & np.uint64(0xFF)
        good = (heads & np.uint64(0xFFFFFFFFFFFF)) == MAGIC
        good &= (heads >> np.uint64(56) == 8) & np.isin(quantum, [1, 2, 4])
        found.extend((first + 8 * np.flatnonzero(good)).tolist())
    return found


def module_at(space: AddressSpace, layout: Layout, addr: int) -> tuple[Module, int] | None:
    """(the module, address of the next); None when what lies there is no moduledata."""
    try:
        return _parse_module(space, layout, addr)
    except MissingMemoryError:
        return None


def _parse_module(space: AddressSpace, layout: Layout, addr: int) -> tuple[Module, int] | None:
    raw = space.read(addr, layout.size(DATA))

    def word(name: str, more: int = 0) -> int:
        at = layout.off(DATA, name) + more
        return int.from_bytes(raw[at : at + 8], "little")

    def table(name: str) -> Table:
        return Table(word(name), word(name, 8))

    def pair(first: str, last: str) -> tuple[int, int]:
        return word(first), word(last)

    text, etext = pair("text", "etext")
    types = (word("types"), word("etypes"))
    sane = 0 < text < etext and word("data") <= word("edata") <= word("bss") <= word("ebss")
    sane = sane and types[0] < types[1] and word("minpc") < word("maxpc") and word("ftab", 8) > 1
    tables = {name: table(name) for name in ("funcnametab", "cutab", "filetab", "pctab", "pclntable", "ftab")}
    sane = sane and all(t.n <= MAX_TABLE_BYTES for t in tables.values())
    ranges = {name: pair(name, f"e{name}") for name in ("data", "bss", "noptrdata", "noptrbss")}
    if not sane or any(end - start > MAX_TABLE_BYTES or end < start for start, end in ranges.values()):
        return None
    head = space.read(word("pcHeader"), 8)
    name = _text(space, word("pluginpath"), word("pluginpath", 8)) or _text(
        space, word("modulename"), word("modulename", 8)
    )
    module = Module(
        name=name,
        addr=addr,
        text_addr=text,
        etext_addr=etext,
        data=ranges["data"],
        bss=ranges["bss"],
        noptrdata=ranges["noptrdata"],
        noptrbss=ranges["noptrbss"],
        types=types,
        gcdatamask_addr=word("gcdatamask", 8),
        gcbssmask_addr=word("gcbssmask", 8),
        gofunc_addr=word("gofunc"),
        rodata_addr=word("rodata"),
        quantum=head[6],
        funcnametab=tables["funcnametab"],
        cutab=tables["cutab"],
        filetab=tables["filetab"],
        pctab=tables["pctab"],
        pclntable=tables["pclntable"],
        ftab=tables["ftab"],
        textsectmap=table("textsectmap"),
        is_bad=raw[layout.off(DATA, "bad")] != 0,
        is_active=raw[layout.off(DATA, "bad")] == 0,
    )
    return module, word("next")


def _text(space: AddressSpace, addr: int, n_bytes: int) -> str:
    if not n_bytes or n_bytes > 4096:
        return ""
    try:
        return space.read(addr, n_bytes).decode("utf-8", "backslashreplace")
    except GoknotError:
        return ""
