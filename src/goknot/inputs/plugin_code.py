"""One function's machine code (amd64): its calls, the strings that they are given, and which of them it may go past."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goknot.errors import GoknotError

if TYPE_CHECKING:
    import capstone

    from goknot.memory.space import AddressSpace

MAX_BODY_BYTES = 1 << 20
UNKNOWN, STRING, WORD = "unknown", "string", "parameter"
_WIDE = {f"e{name}": f"r{name}" for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")} | {
    f"r{number}d": f"r{number}" for number in range(8, 16)
}
ENDS = ("runtime.gopanic", "ud2", "int3")


@dataclass(frozen=True, slots=True)
class Value:
    """A string argument: a constant (`addr`, `n_bytes`), or what the function itself was given (`registers`)."""

    kind: str
    addr: int = 0
    n_bytes: int = 0
    registers: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Body:
    """A function's instructions.

    Attributes:
        start: Its first address.
        calls: Addresses of its calls.
    """

    start: int
    calls: frozenset[int]
    _listed: list[capstone.CsInsn] = field(repr=False)

    def string_at(self, addr: int, registers: tuple[str, str]) -> Value:
        """What two registers (pointer, length) hold at a call."""
        state = self._state_at(addr)
        pointer, length = (state.get(register) for register in registers)
        if pointer is None or length is None:
            return Value(UNKNOWN)
        if pointer[0] == "addr" and length[0] == "number":
            return Value(STRING, int(pointer[1]), int(length[1]))
        if pointer[0] == length[0] == "given":
            return Value(WORD, registers=(str(pointer[1]), str(length[1])))
        return Value(UNKNOWN)

    def is_unavoidable(self, addr: int) -> bool:
        """Whether no way from the begin to a return goes past a call; ways into a panic do not count."""
        after = self._successors()
        seen, waiting = {self.start}, [self.start]
        while waiting:
            at = waiting.pop()
            if at == addr:
                continue
            if after.get(at) == (0,):
                return False
            for one in after.get(at, ()):
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return True

    def _successors(self) -> dict[int, tuple[int, ...]]:
        """instruction -> those that may follow; 0: a return."""
        found: dict[int, tuple[int, ...]] = {}
        for at in self._listed:
            behind = at.address + at.size
            if at.mnemonic in ("ret", "retq"):
                found[at.address] = (0,)
            elif at.mnemonic in ("ud2", "int3"):
                found[at.address] = ()
            elif at.mnemonic == "jmp":
                found[at.address] = (_target(at),) if _target(at) else ()
            elif at.mnemonic.startswith("j"):
                found[at.address] = (_target(at), behind)
            else:
                found[at.address] = (behind,)
        return found

    def _state_at(self, addr: int) -> dict[str, tuple[str, int | str]]:
        """Registers and stack slots whose content is known where an instruction begins: by one pass down the code.

        Where ways meet nothing is known, except at the begin (the stack's growth leads back there).
        """
        state: dict[str, tuple[str, int | str]] = {name: ("given", name) for name in ("rax", "rbx", "rcx", "rdi")}
        met = {_target(at) for at in self._listed if at.mnemonic.startswith("j")} - {self.start}
        for at in self._listed:
            if at.address in met:
                state = {}
            if at.address == addr:
                return state
            _step(at, state)
        return {}


def read_body(space: AddressSpace, start: int, end: int) -> Body:
    """A function's code; empty where it is not there."""
    import capstone  # noqa: PLC0415 (only where calls are looked for)

    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.detail = True
    try:
        listed = list(engine.disasm(space.read(start, min(end - start, MAX_BODY_BYTES)), start))
    except GoknotError:
        listed = []
    return Body(start, frozenset(at.address for at in listed if at.mnemonic == "call"), listed)


def _target(at: capstone.CsInsn) -> int:
    """Where a jump leads; 0 if a register or a table says."""
    operand = at.operands[0] if at.operands else None
    return int(operand.imm) if operand is not None and operand.type == 2 else 0  # CS_OP_IMM


def _step(at: capstone.CsInsn, state: dict[str, tuple[str, int | str]]) -> None:
    """What an instruction does to what is known."""
    if at.mnemonic == "call":
        for name in [name for name in state if not name.startswith("[")]:
            del state[name]  # Go keeps nothing in registers over a call
        return
    operands = at.op_str.split(", ", 1)
    if at.mnemonic in ("mov", "lea", "movabs", "xor") and len(operands) == 2:
        known: tuple[str, int | str] | None
        target, source = (_place(text) for text in operands)
        if at.mnemonic == "xor":
            known = ("number", 0) if target == source else None
        elif at.mnemonic == "lea":
            known = ("addr", at.address + at.size + at.operands[1].mem.disp) if "rip" in source else None
        elif at.operands[1].type == 2:
            known = ("number", int(at.operands[1].imm))
        else:
            known = state.get(source)
        state.pop(target, None)
        if known is not None:
            state[target] = known
        return
    if at.mnemonic in ("cmp", "test", "nop") or at.mnemonic.startswith("j"):
        return
    written = {_WIDE.get(at.reg_name(number), at.reg_name(number)) for number in at.regs_access()[1]}
    for name in written & state.keys():
        del state[name]
    if operands and operands[0].endswith("]"):
        state.pop(_place(operands[0]), None)


def _place(text: str) -> str:
    """A register by its 64-bit name, or memory as it is written."""
    at = text.find("[")
    return text[at:] if at >= 0 else _WIDE.get(text, text)
