"""The calls of one function, from its code: to whom, through which stub, bound by which relocation (capstone)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goknot.errors import GoknotError, InputError
from goknot.model.binary import CallFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    import capstone

    from goknot.formats.elfuses import SymbolUses
    from goknot.memory.space import AddressSpace

MAX_CODE_BYTES, STUB_BYTES, MAX_STUB = 1 << 22, 16, 4
ARM64_STUB_BYTES = 16
Names = Callable[[int], str]
Frames = Callable[[int], tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Code:
    """Where code is read from, and who says what lies where.

    Attributes:
        arch: `amd64` or `arm64`.
        uses: Relocations; None where the format's are not read.
        name_of: Address -> the function or variable that begins there, or nothing.
        frames: Program counter -> (function, `file:line`), innermost first.
    """

    arch: str
    space: AddressSpace
    uses: SymbolUses | None
    name_of: Names
    frames: Frames


def calls_of(code: Code, start: int, end: int) -> tuple[CallFacts, ...]:
    """The calls and jumps that leave a function.

    Args:
        code: Where it is read from.
        start: The function's first address.
        end: Where it ends.

    Raises:
        InputError: Code of that machine is not understood.
        GoknotError: The code is not in the file.
    """
    data = code.space.read(start, min(end - start, MAX_CODE_BYTES))
    found = []
    for instruction in _disassembled(code.arch, data, start):
        call = _Reader(code, instruction).read(start, end)
        if call is not None:
            found.append(call)
    return tuple(found)


def _disassembled(arch: str, data: bytes, start: int) -> Iterator[capstone.CsInsn]:
    import capstone  # noqa: PLC0415 (for calls only)

    machines = {
        "amd64": (capstone.CS_ARCH_X86, capstone.CS_MODE_64),
        "arm64": (capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM),
    }
    if arch not in machines:
        raise InputError(arch, "is an architecture whose code is not understood", "amd64 and arm64 are")
    engine = capstone.Cs(*machines[arch])
    engine.detail = True
    engine.skipdata = True  # padding and data between functions
    yield from engine.disasm(data, start)


@dataclass(frozen=True, slots=True)
class _Target:
    kind: str
    name: str = ""
    addr: int = 0
    slot_addr: int = 0
    relocation: str = ""


class _Reader:
    """Reads one instruction."""

    def __init__(self, code: Code, instruction: capstone.CsInsn) -> None:
        self.code, self.at = code, instruction

    def read(self, start: int, end: int) -> CallFacts | None:
        is_call, is_jump = _is_transfer(self.code.arch, self.at)
        if not is_call and not is_jump:
            return None
        target = self._target()
        if is_jump and (start <= target.addr < end or (target.kind == "register" and not is_call)):
            return None  # a branch inside, or a jump table
        text = f"{self.at.mnemonic} {self.at.op_str}".strip()
        return CallFacts(
            addr=self.at.address,
            text=text,
            kind=target.kind,
            is_jump=is_jump,
            target=target.name,
            target_addr=target.addr,
            slot_addr=target.slot_addr,
            relocation=target.relocation,
            frames=self.code.frames(self.at.address),
        )

    def _target(self) -> _Target:
        addr = _immediate(self.at)
        if addr is not None:
            name = self.code.name_of(addr)
            slot = 0 if name else _slot_of_stub(self.code, addr)
            if slot:
                return self._through("stub", slot, addr)
            return _Target("direct", name, addr)
        slot = _slot(self.at)
        return self._through("slot", slot, 0) if slot else _Target("register" if _is_register(self.at) else "memory")

    def _through(self, kind: str, slot: int, addr: int) -> _Target:
        """A call through a word: a relocation says who fills it, else the file itself does."""
        bound = self.code.uses.at(slot) if self.code.uses else None
        if bound is None:
            held = self._word(slot)
            known = self.code.name_of(held) if held else ""
            return _Target("memory" if kind == "slot" and not known else kind, known, addr or held, slot)
        relocation, name, addend = bound
        symbol = name.decode("utf-8", "backslashreplace")
        if not symbol:
            return _Target(kind, self.code.name_of(addend), addr or addend, slot, relocation)
        return _Target(kind, symbol, addr, slot, f"{relocation} {symbol}")

    def _word(self, addr: int) -> int:
        try:
            return self.code.space.word(addr)
        except GoknotError:
            return 0  # filled by the running program


def _is_transfer(arch: str, at: capstone.CsInsn) -> tuple[bool, bool]:
    """(whether it is a call, whether it is a jump)."""
    name = at.mnemonic.removeprefix("bnd ").removeprefix("notrack ")
    if arch == "amd64":
        return name in ("call", "lcall"), name.startswith("j")
    return name in ("bl", "blr", "blraa", "blrab"), name == "b" or name in ("br", "cbz", "cbnz") or name[:2] == "b."


def _immediate(at: capstone.CsInsn) -> int | None:
    """The address in the instruction itself."""
    operands = at.operands
    if not operands:
        return None
    last = operands[-1]
    return int(last.imm) & (1 << 64) - 1 if last.type == 2 else None  # CS_OP_IMM


def _is_register(at: capstone.CsInsn) -> bool:
    return bool(at.operands) and at.operands[-1].type == 1  # CS_OP_REG


def _slot(at: capstone.CsInsn) -> int:
    """The word that `call [rip + x]` takes its target from; 0 for others."""
    operand = at.operands[-1] if at.operands else None
    if operand is None or "rip" not in at.op_str:
        return 0
    return int(at.address + at.size + operand.mem.disp)


def _slot_of_stub(code: Code, addr: int) -> int:
    """The word that a stub of the linker's jumps through; 0 if no stub is there.

    amd64: `[endbr64;] [bnd] jmp [rip+x]`; arm64: `adrp x16, page; ldr x17, [x16, #off]; add; br x17` (the psABIs).
    """
    try:
        data = code.space.read(addr, STUB_BYTES if code.arch == "amd64" else ARM64_STUB_BYTES)
    except GoknotError:
        return 0
    page = 0
    for count, at in enumerate(_disassembled(code.arch, data, addr)):
        if count >= MAX_STUB:
            break
        if code.arch == "amd64" and at.mnemonic.endswith("jmp"):
            return _slot(at)
        if code.arch == "arm64" and at.mnemonic == "adrp" and at.op_str.startswith("x16"):
            page = int(at.operands[1].imm)
        elif code.arch == "arm64" and at.mnemonic == "ldr" and at.op_str.startswith("x17, [x16") and page:
            return page + int(at.operands[1].mem.disp)
        elif at.mnemonic not in ("endbr64", "bti"):
            break
    return 0
