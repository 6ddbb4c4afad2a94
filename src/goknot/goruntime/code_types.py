"""Types of package variables and closures from the program's code, for modules without DWARF (amd64).

Only code that names an address asked for is read: instructions that hold it are found in the bytes, then the functions
they stand in are walked through (`code_values`). Go is typed: what one path stores in a variable, or returns, is of the
type that all paths have there; an interface's type word stands before its data.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import types as go
from goknot.goruntime.code_values import (
    HOLDS,
    MAX_CODE_BYTES,
    NEW,
    POINTS_AT,
    POINTS_AT_SEVERAL,
    RESULT,
    SEVERAL,
    VALUE,
    CodeWalk,
    Facts,
)
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from goknot.goruntime.image import HeapImage
    from goknot.goruntime.modules import Module
    from goknot.goruntime.types import GoType
    from goknot.goruntime.types_slots import FlowTypes

    UInt64s = NDArray[np.uint64]
    Place = tuple[int, int, int | str]  # address, POINTS_AT or another, descriptor or method

LEA, LOAD, STORE = 0x8D, 0x8B, 0x89
MAX_VARIABLE_BYTES = 1 << 16  # how far behind its beginning a variable is looked for
MAX_FUNCTIONS, MAX_DEPTH = 3, 4  # read for one address, smallest first; calls followed to what they return
MAX_READ_BYTES = 1 << 23
DICTIONARY_WORDS = 32
_METHOD = re.compile(r"(.+?)\.\(\*([^()\[]+)(\[.*\])?\)\.")
SAYS_BY_VALUE = {NEW: POINTS_AT, SEVERAL: POINTS_AT_SEVERAL, VALUE: HOLDS}


class CodeTypes:
    """What code says of static places and of closures.

    Args:
        image: The program.
        modules: Those whose code is read.
        types: Its types.
    """

    def __init__(self, image: HeapImage, modules: Sequence[Module], types: FlowTypes) -> None:
        self._image, self._types = image, types
        functions = image.functions.entries()
        self._entries, self._name_of = functions.entry_addr, functions.name
        parts = [_references(image, module) for module in modules]
        none = np.zeros(0, np.uint64)
        self._at, self._target = (np.concatenate([none, *(part[n] for part in parts)]) for n in (0, 1))
        self._is_lea = np.concatenate([np.zeros(0, np.bool_), *(part[2] for part in parts)])
        self._facts: dict[int, Facts] = {}
        self._names: dict[int, str] = {}
        self._room = MAX_READ_BYTES

    def places(self, wanted: UInt64s) -> list[tuple[int, int, int, bool]]:
        """(address, POINTS_AT or another, type id, whether exactly it) of variables at or around places."""
        beginnings = np.unique(self._target[self._is_lea])
        before = (
            beginnings[np.maximum(np.searchsorted(beginnings, wanted, side="right") - 1, 0)]
            if len(beginnings)
            else wanted
        )
        near = (before <= wanted) & (wanted - before < MAX_VARIABLE_BYTES)
        asked = np.unique(np.concatenate([wanted, before[near]]))
        said: list[Place] = []
        for facts in self._read(self._functions_with(asked)):
            said += facts.places
            said += [one for place, entry in facts.results for one in self._returned(place, entry)]
        exact: dict[int, set[tuple[int, int]]] = {}
        found: set[tuple[int, int, int, bool]] = set()
        for place, says, arg in said:
            if isinstance(arg, str):
                kind = self._receiver(arg)
                if kind >= 0 and (says == HOLDS or not self._types.begins_larger(kind)):
                    found.add((place, says, kind, False))
            else:
                stands = self._standing(says, arg)
                if stands is not None:
                    exact.setdefault(place, set()).add(stands)
        found |= {(place, *one, True) for place, all_said in exact.items() if len(all_said) == 1 for one in all_said}
        return sorted(found)

    def closures(self, entries: UInt64s) -> dict[int, int]:
        """Entry of a function -> type id of its closures."""
        found: dict[int, set[int]] = {}
        for facts in self._read(self._functions_with(entries)):
            for entry, descriptors in facts.closures.items():
                found.setdefault(entry, set()).update(descriptors)
        chosen = {}
        for entry, descriptors in found.items():
            known = self._image.types.type_at(next(iter(descriptors))) if len(descriptors) == 1 else None
            if known and _is_closure(known):
                chosen[entry] = self._types.id_at(known.addr)
        return chosen

    def _standing(self, says: int, descriptor: int) -> tuple[int, int] | None:
        """A statement by type id: closures are known by their function, arrays mostly are the memory of slices."""
        known = self._image.types.type_at(descriptor)
        if known is None or (says == POINTS_AT and _is_closure(known)):
            return None
        if says == POINTS_AT and known.kind == go.ARRAY:
            says, known = POINTS_AT_SEVERAL, self._image.types.type_at(known.elem_addr)
        kind = self._types.id_at(known.addr) if known else -1
        return (says, kind) if kind >= 0 else None

    def _functions_with(self, asked: UInt64s) -> list[int]:
        """Functions with an instruction that holds one of the addresses: of each the smallest."""
        hit = np.flatnonzero(np.isin(self._target, asked))
        function = np.searchsorted(self._entries, self._at[hit], side="right") - 1
        n_bytes = np.diff(np.append(self._entries, self._entries[-1:] + np.uint64(64)))[function]
        order = np.lexsort((function, n_bytes, self._target[hit]))
        chosen: dict[int, None] = {}
        count: dict[int, set[int]] = {}
        for one, target in zip(function[order].tolist(), self._target[hit][order].tolist(), strict=True):
            read = count.setdefault(target, set())
            if len(read) < MAX_FUNCTIONS:
                read.add(one)
                chosen[one] = None
        return list(chosen)

    def _read(self, functions: Iterable[int]) -> list[Facts]:
        found = (self._facts_of(int(self._entries[one])) for one in functions)
        return [facts for facts in found if facts is not None]

    def _facts_of(self, entry: int) -> Facts | None:
        if entry not in self._facts:
            at = int(np.searchsorted(self._entries, np.uint64(entry)))
            end = int(self._entries[at + 1]) if at + 1 < len(self._entries) else entry
            n_bytes = min(max(end - entry, 0), MAX_CODE_BYTES, self._room)
            if not n_bytes or self._entries[at] != entry:
                return None
            self._room -= n_bytes
            try:
                data = self._image.space.read(entry, n_bytes)
            except MissingMemoryError:
                return None  # code that the image does not hold says nothing
            self._facts[entry] = CodeWalk(self._name_at, self._dynamic_type).read(data, entry)
        return self._facts[entry]

    def _returned(self, place: int, entry: int) -> list[Place]:
        """What is known of a place where the result of a function is stored: one way out that tells is enough."""
        for _ in range(MAX_DEPTH):
            facts = self._facts_of(entry)
            known = {value for value in facts.returned if value} if facts else set()
            made = [value for value in known if value[0] in SAYS_BY_VALUE]
            passed = [value for value in known if value[0] == RESULT]
            if made or len(passed) != 1:
                return [(place, SAYS_BY_VALUE[value[0]], value[1]) for value in made[:1] if len(made) == 1]
            entry = passed[0][1]
        return []

    def _name_at(self, addr: int) -> str:
        if addr not in self._names:
            at = int(np.searchsorted(self._entries, np.uint64(addr & (1 << 64) - 1)))
            known = at < len(self._entries) and self._entries[at] == addr
            self._names[addr] = self._name_of(at) if known else ""
        return self._names[addr]

    def _dynamic_type(self, addr: int) -> int:
        found = self._image.types.type_of_itab(addr) if addr else None
        return found.addr if found and found.direct else 0

    def _receiver(self, method: str) -> int:
        """The type whose method it is; of a generic one as the dictionary says."""
        name, _, dictionary = method.partition("\0")
        match = _METHOD.match(name)
        if match is None:
            return -1
        package = match[1].replace("%2e", ".")
        if not match[3]:
            return self._types.struct_id(f"{package}.{match[2]}")
        named = (
            self._types.struct_id(f"{package}.{match[2]}{own}") for own in self._arguments(package, int(dictionary))
        )
        return next((kind for kind in named if kind >= 0), -1)

    def _arguments(self, package: str, dictionary: int) -> Iterator[str]:
        """Type arguments of the package's generic types that a dictionary, or one in it, names first."""
        for word in self._words(dictionary, DICTIONARY_WORDS):
            inner = self._words(word, 1) if self._types.id_at(word) < 0 else [word]
            found = self._image.types.type_at(inner[0]) if inner else None
            if found and found.kind == go.POINTER:
                found = self._image.types.type_at(found.elem_addr)
            if found and found.pkg_path == package and found.name.endswith("]"):
                yield found.qualified_name[found.qualified_name.index("[") :]

    def _words(self, addr: int, n_words: int) -> list[int]:
        """Words of a dictionary: it lies among the types."""
        try:
            inside = addr % 8 == 0 and self._image.types.in_sections(addr)
            return self._image.space.words(addr, n_words).tolist() if inside else []
        except MissingMemoryError:
            return []


def _is_closure(known: GoType) -> bool:
    """cmd/compile/internal/typecheck, `ClosureType`: the function's entry, then what it captures."""
    fields = known.fields
    return known.kind == go.STRUCT and not known.pkg_path and bool(fields) and fields[0].name == "F"


def _references(image: HeapImage, module: Module) -> tuple[UInt64s, UInt64s, NDArray[np.bool_]]:
    """(address, address it holds, whether it takes it) of each `lea` or `mov` with one relative to itself."""
    none = np.zeros(0, np.uint64)
    try:
        code = np.frombuffer(image.space.read(module.text_addr, module.etext_addr - module.text_addr), np.uint8)
    except MissingMemoryError:
        return none, none, np.zeros(0, np.bool_)
    at = np.flatnonzero((code[2:-4] & 0xC7) == 0x05)  # mod 0, r/m 5: relative to the next instruction
    opcode = code[at + 1]
    chosen = ((opcode == LEA) | (opcode == LOAD) | (opcode == STORE)) & ((code[at] & 0xFB) == 0x48)
    at, opcode = at[chosen], opcode[chosen]
    parts = [code[at + 3 + n].astype(np.int64) << (8 * n) for n in range(4)]
    off = ((parts[0] | parts[1] | parts[2] | parts[3]) ^ (1 << 31)) - (1 << 31)
    target = module.text_addr + at + 7 + off
    return (at + module.text_addr).astype(np.uint64), target.astype(np.uint64), opcode == LEA
