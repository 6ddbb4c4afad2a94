"""What the registers of a function hold where that says something of types: a walk through its code, amd64.

Go's compiler hands a type to the allocator, a map's type to each access of the map, a receiver to a method of a known
name. A variable that the same code loads or stores has the type that goes with it. Only values that are certain are
followed: a register written by anything else is forgotten, and loops are gone through until nothing changes. The
registers of arguments and results are those of cmd/compile/abi-internal.md; every call changes all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ARGUMENTS = ("rax", "rbx", "rcx", "rdi", "rsi", "r8", "r9", "r10", "r11")
MAX_CODE_BYTES = 1 << 19
MAX_TURNS = 10

# What a value is: an address, the word at an address, a new value of a type, memory for several, a value of a type
# (maps and channels), a map whose type its first use tells, what a function returns.
ADDRESS, LOADED, NEW, SEVERAL, VALUE, FRESH, RESULT = range(7)
Key = TypeVar("Key")
Line = tuple[int, int, str, str]  # address, length, name, operands
State = tuple[dict[str, "Value"], dict[int, "Value"]]  # of registers, of places in the frame
Value = tuple[int, int]  # (which of them, address or number)

NIL: Value = (ADDRESS, 0)

# What is known of a static place: it points at one or several of a type, a value of the type lies there.
POINTS_AT, POINTS_AT_SEVERAL, HOLDS = range(3)

_NAMES = {"a": "rax", "b": "rbx", "c": "rcx", "d": "rdx", "si": "rsi", "di": "rdi", "bp": "rbp", "sp": "rsp"}
_ALIASES = {f"{e}{n}{x}": full for n, full in _NAMES.items() for e in ("r", "e", "") for x in ("x", "")}
_ALIASES |= {f"{n}{part}": full for n, full in _NAMES.items() for part in ("l", "h")}
_ALIASES |= {f"r{n}{part}": f"r{n}" for n in range(8, 16) for part in ("", "d", "w", "b")}
_PLACE = re.compile(r"\[(\w+)(?: ([+-]) (\w+))?\]")
_KEEPS_OPERAND = frozenset({"cmp", "test", "bt", "push", "nop", "prefetcht0", "prefetchnta", "ucomisd", "ucomiss"})
_WRITES_HIDDEN: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("mul", "div", "idiv", "imul", "cqo", "cdq", "rdtsc", "xgetbv", "cmpxchg"), ("rax", "rdx")
)
_WRITES_HIDDEN |= {"cpuid": ("rax", "rbx", "rcx", "rdx")}
_REPEATED = ("rcx", "rdi", "rsi")
_KEEPS_REGISTERS = ("runtime.gcWriteBarrier", "runtime.duff", "runtime.wbZero", "runtime.wbMove")


@dataclass(slots=True)
class Facts:
    """What a function's code says.

    Attributes:
        places: (address, POINTS_AT or another, descriptor or receiver) of each statement about static memory.
        results: (address, function) of words that hold what a function returned.
        closures: entry of a function -> descriptors of what is allocated for its closures.
        returned: What its first result may be; None among them: anything.
    """

    places: list[tuple[int, int, int | str]]
    results: list[tuple[int, int]]
    closures: dict[int, set[int]]
    returned: set[Value | None]


class CodeWalk:
    """Walks through one function.

    Args:
        name_at: Entry of a function -> its name, empty where none begins.
        dynamic_type: Address -> descriptor that an itab there names, or 0.
    """

    def __init__(self, name_at: Callable[[int], str], dynamic_type: Callable[[int], int]) -> None:
        self._name_at, self._dynamic_type = name_at, dynamic_type
        self._registers: dict[str, Value] = {}
        self._stack: dict[int, Value] = {}
        self._begin()

    def _begin(self) -> None:
        self._registers, self._stack = {}, {}
        self._facts = Facts([], [], {}, set())
        self._maps: dict[int, int] = {}
        self._stored_maps: list[tuple[int, int]] = []

    def read(self, data: bytes, start: int) -> Facts:
        """What the code at `start` says; nothing where its loops do not settle."""
        lines = list(_disassembled(data, start))
        known: dict[int, dict[int, State]] = {
            target: {} for _, _, name, text in lines if name[0] == "j" and (target := _number(text)) is not None
        }
        for _ in range(MAX_TURNS):
            self._begin()
            if self._pass(lines, known):
                return self._finished()
        return Facts([], [], {}, set())

    def _finished(self) -> Facts:
        used = {one: descriptor for one, descriptor in self._maps.items() if descriptor}
        self._facts.places += [(place, HOLDS, used[one]) for place, one in self._stored_maps if one in used]
        self._facts.returned = {
            (VALUE, used[one[1]]) if one and one[0] == FRESH and one[1] in used else one for one in self._facts.returned
        }
        return self._facts

    def _pass(self, lines: list[Line], known: dict[int, dict[int, State]]) -> bool:
        """Goes through the code once; says whether jumps back brought nothing new.

        What is known at the target of a jump is what all ways to it agree on. A way that was not gone yet agrees to
        all: what a loop changes is found out in the next turn.

        Args:
            lines: The instructions.
            known: target of a jump -> the jump -> what is known where it is taken; changed.
        """
        settled, falls, is_dark = True, True, False
        for at, n_bytes, name, text in lines:
            if at in known or not falls:
                states = [
                    *known.get(at, {}).values(),
                    *([(self._registers, self._stack)] if falls and not is_dark else []),
                ]
                is_dark = not states
                self._registers = _common([state[0] for state in states])
                self._stack = _common([state[1] for state in states])
            falls = name not in ("jmp", "ret", "ud2", "int3")
            if is_dark:
                continue
            if name[0] == "j":
                target = _number(text)
                state = (dict(self._registers), dict(self._stack))
                if target is not None and known[target].get(at) != state:
                    known[target][at] = state
                    settled &= target > at
            elif name == "call":
                self._call(at, _number(text))
            elif name == "ret":
                self._facts.returned.add(self._registers.get("rax"))
            else:
                self._step(at + n_bytes, name, text)
        return settled

    def _step(self, after: int, name: str, text: str) -> None:
        first, _, second = text.partition(", ")
        if name in ("mov", "lea"):
            self._move(after, name, first, second)
            return
        if name in ("xchg", "xadd", "lock xadd"):
            if first == second:
                return  # the assembler's way to do nothing
            self._forget(second)
        for register in _hidden(name):
            self._registers.pop(register, None)
        if name not in _KEEPS_OPERAND:
            self._forget(first)
        if name == "xor" and first == second and first in _ALIASES:
            self._registers[_ALIASES[first]] = NIL

    def _forget(self, operand: str) -> None:
        register = _ALIASES.get(operand)
        if register:
            self._registers.pop(register, None)
            return
        place = _place(operand)
        if place and place[0] == "rsp":
            self._stack.pop(place[1], None)

    def _move(self, after: int, name: str, first: str, second: str) -> None:
        register = _ALIASES.get(first)
        place = _place(second if register else first)
        if register is None:
            whole = first.startswith("qword ptr [") and second in _ALIASES and _ALIASES[second] == second
            self._store(after, place, self._registers.get(second) if whole else None)
            return
        found: Value | None = None
        if register == first and place is None:
            found = self._registers.get(second)
        elif register == first and place is not None and second.startswith(("qword ptr [", "[")):
            base, off = place
            held = self._registers.get(base)
            if base == "rip":
                found = (ADDRESS if name == "lea" else LOADED, after + off)
            elif base == "rsp" and name == "mov":
                found = self._stack.get(off)
            elif held and held[0] == ADDRESS:
                found = (ADDRESS if name == "lea" else LOADED, held[1] + off)
            elif held and name == "lea" and off == 0:
                found = held
        self._registers.pop(register, None)
        if found is not None:
            self._registers[register] = found

    def _store(self, after: int, place: tuple[str, int] | None, value: Value | None) -> None:
        if place is None:
            return
        base, off = place
        held = self._registers.get(base)
        if base == "rsp":
            self._stack.pop(off, None)
            if value is not None:
                self._stack[off] = value
        elif value is not None and base == "rip":
            self._note(after + off, value)
        elif value is not None and held and held[0] == ADDRESS:
            self._note(held[1] + off, value)
        elif value is not None and held and held[0] == NEW and off == 0 and value[0] == ADDRESS:
            self._facts.closures.setdefault(value[1], set()).add(held[1])

    def _note(self, place: int, value: Value) -> None:
        """A value is stored in a static place."""
        what, arg = value
        if what in (NEW, SEVERAL, VALUE):
            says = {NEW: POINTS_AT, SEVERAL: POINTS_AT_SEVERAL, VALUE: HOLDS}[what]
            self._facts.places.append((place, says, arg))
        elif what == FRESH:
            self._stored_maps.append((place, arg))
        elif what == RESULT:
            self._facts.results.append((place, arg))

    def _call(self, at: int, target: int | None) -> None:
        name = self._name_at(target) if target is not None else ""
        if name.startswith(_KEEPS_REGISTERS):
            for register in ("r11", "rdi", "rsi"):
                self._registers.pop(register, None)
            return
        given = [self._registers.get(register) for register in ARGUMENTS]
        self._registers = {}
        if not name or target is None:
            return
        result: Value | None = (RESULT, target)
        if name.startswith("runtime."):
            result = self._runtime(at, name.removeprefix("runtime."), given)
        else:
            self._arguments(name, given)
        if result is not None:
            self._registers["rax"] = result

    def _runtime(self, at: int, name: str, given: list[Value | None]) -> Value | None:
        """What a call into the runtime says; its result."""
        first, second, fifth = given[0], given[1], given[4]
        known = first[1] if first and first[0] == ADDRESS else 0
        if name == "growslice":
            elem = fifth[1] if fifth and fifth[0] == ADDRESS else 0
            if elem and first and first[0] == LOADED:
                self._facts.places.append((first[1], POINTS_AT_SEVERAL, elem))
            return (SEVERAL, elem) if elem else None
        if name == "makemap_small":
            return (FRESH, at)
        if name.startswith("mallocgcSmall") and second and second[0] == ADDRESS:
            return (NEW, second[1])  # Go 1.27's allocation by size: of a size, of a type
        if not known:
            return None
        if name.startswith(("mapaccess", "mapassign", "mapdelete", "mapclear", "mapiterinit", "mapIterStart")):
            if second and second[0] == LOADED:
                self._facts.places.append((second[1], HOLDS, known))
            elif second and second[0] == FRESH:
                self._maps[second[1]] = known
            return None
        made = {"newobject": NEW, "makeslice": SEVERAL, "makeslicecopy": SEVERAL, "makechan": VALUE, "makemap": VALUE}
        return (made[name], known) if name in made else None

    def _arguments(self, name: str, given: list[Value | None]) -> None:
        receiver = given[0]
        if receiver and ".(*" in name and receiver[0] in (LOADED, ADDRESS):
            dictionary = given[1][1] if given[1] and given[1][0] == ADDRESS else 0
            method = f"{name}\0{dictionary}"
            self._facts.places.append((receiver[1], POINTS_AT if receiver[0] == LOADED else HOLDS, method))
        for type_word, data in pairwise(given):
            if type_word and data and type_word[0] == ADDRESS and data[0] == LOADED:
                dynamic = self._dynamic_type(type_word[1])
                if dynamic:
                    self._facts.places.append((data[1], HOLDS, dynamic))


def _disassembled(data: bytes, start: int) -> Iterator[Line]:
    import capstone  # noqa: PLC0415 - asked only of stripped programs

    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.skipdata = True
    yield from engine.disasm_lite(data, start)


def _hidden(name: str) -> tuple[str, ...]:
    """Registers that an instruction writes without naming them."""
    return _REPEATED if name.startswith("rep") else _WRITES_HIDDEN.get(name.removeprefix("lock "), ())


def _common(states: list[dict[Key, Value]]) -> dict[Key, Value]:
    if not states:
        return {}
    first, *others = states
    if not others:
        return dict(first)
    return {key: value for key, value in first.items() if all(key in other and other[key] == value for other in others)}


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


@lru_cache(1 << 16)
def _place(operand: str) -> tuple[str, int] | None:
    """(register, offset) of `[rsp + 0x48]`; None for what is no place in memory, or has an index."""
    place = _PLACE.search(operand)
    if place is None:
        return None
    number = _number(place[3]) if place[2] else 0
    return None if number is None else (place[1], number if place[2] != "-" else -number)
