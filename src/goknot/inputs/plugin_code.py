"""One function's machine code for amd64: its direct calls, constants before them, and what is run in any case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goknot.memory.space import AddressSpace

MAX_CODE_BYTES, MAX_BACK, MAX_TEXT_BYTES = 1 << 22, 40, 4096
ENDS = frozenset({"ret", "ud2", "int3", "hlt"})


class Text(Enum):
    """What stands in two registers when it is no constant."""

    PARAMETER = "parameter"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction: where it is, what it is, where the next one is."""

    addr: int
    name: str
    operands: str
    next_addr: int
    target: int  # of a direct call or jump, else 0


@dataclass(frozen=True)
class Body:
    """A function's instructions, ascending."""

    steps: tuple[Step, ...]

    @cached_property
    def calls(self) -> Sequence[tuple[int, int]]:
        """(address, target) of direct calls."""
        return [(step.addr, step.target) for step in self.steps if step.name == "call" and step.target]

    @cached_property
    def _index(self) -> dict[int, int]:
        return {step.addr: index for index, step in enumerate(self.steps)}

    @cached_property
    def _targets(self) -> frozenset[int]:
        return frozenset(step.target for step in self.steps if step.name[0] == "j" and step.target)

    def calls_to(self, entry: int) -> list[int]:
        """Addresses of the calls of a function."""
        return [at for at, target in self.calls if target == entry]

    def text_before(
        self, at: int, read: Callable[[int, int], str], pointer: str = "ax", length: str = "bx"
    ) -> str | Text:
        """The constant string that two registers hold at a call.

        Args:
            at: Address of the call.
            read: Reads bytes of the file as text.
            pointer: The register of its address, without its first letter.
            length: The register of its length.
        """
        addr = n_bytes = -1
        index = self._index[at]
        for back in range(1, MAX_BACK):
            if index - back < 0:
                break
            step = self.steps[index - back]
            if step.name == "jbe" and index - back <= 3:  # the check of the stack's size: the function begins
                return Text.PARAMETER if addr < 0 and n_bytes < 0 else Text.UNKNOWN
            if step.name == "call" or step.name[0] == "j" or step.name in ENDS:
                break
            written, _, given = (part.strip() for part in step.operands.partition(","))
            if addr < 0 and written == f"r{pointer}":
                if step.name != "lea" or not given.startswith("[rip"):
                    break
                addr = step.next_addr + int(given[4:-1].replace(" ", ""), 16)
            elif n_bytes < 0 and written in (f"r{length}", f"e{length}"):
                if step.name != "mov" or not given[:1].isdigit():
                    break
                n_bytes = int(given, 0)
            if addr >= 0 and n_bytes >= 0:
                return read(addr, n_bytes) if n_bytes <= MAX_TEXT_BYTES else Text.UNKNOWN
            if step.addr in self._targets:
                break
        else:
            return Text.UNKNOWN
        return Text.PARAMETER if index - back < 0 and addr < 0 and n_bytes < 0 else Text.UNKNOWN

    def always_reaches(self, at: int, leaves: Collection[int]) -> bool:
        """Whether no way through the function ends without the instruction.

        Args:
            at: Address of the instruction.
            leaves: Functions that end the goroutine or the program.
        """
        if not self.steps:
            return False
        queue, seen = [0], {0}
        while queue:
            step = self.steps[queue.pop()]
            if step.addr == at or step.name in ("ud2", "int3", "hlt"):
                continue
            if step.name == "ret" or (step.name == "call" and step.target in leaves):
                return False
            following = [step.next_addr] if step.name != "jmp" else []
            if step.name[0] == "j":
                following.append(step.target)
            for addr in following:
                index = self._index.get(addr)
                if index is None:
                    if step.name[0] == "j":
                        return False  # a table of jumps, or a call at the end
                    continue
                if index not in seen:
                    seen.add(index)
                    queue.append(index)
        return True


def body_of(space: AddressSpace, start: int, end: int) -> Body:
    """Disassembles a function.

    Raises:
        GoknotError: Its code is not in the file.
    """
    import capstone  # noqa: PLC0415 (where code is read)

    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.skipdata = True
    data = space.read(start, min(end - start, MAX_CODE_BYTES))
    return Body(tuple(_step(*row) for row in engine.disasm_lite(data, start)))


def _step(addr: int, size: int, name: str, operands: str) -> Step:
    direct = (name == "call" or name[0] == "j") and operands.startswith("0x")
    return Step(addr, name, operands, addr + size, int(operands, 16) if direct else 0)
