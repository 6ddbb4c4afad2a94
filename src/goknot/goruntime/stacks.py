"""Frames of a goroutine and the words in them that are pointers: what the collector itself scans.

runtime/traceback.go (`unwinder`), stkframe.go (`getStackMap`), mgcmark.go (`scanstack`, `scanframeworker`).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.goruntime import pclntab
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.goruntime.pclntab import Function, PclnTable
    from goknot.memory.space import AddressSpace

MAX_FRAMES = 1 << 17
INJECTED = {"runtime.sigpanic", "runtime.asyncPreempt", "runtime.debugCallV2"}
CONSERVATIVE = {"runtime.asyncPreempt", "runtime.debugCallV2"}
REFLECT = {"reflect.makeFuncStub", "reflect.methodValueCall"}
USES_LR = {"amd64": False, "arm64": True}


@dataclass(frozen=True, slots=True)
class Frame:
    """A function's stretch of a stack.

    Attributes:
        precise: False when every word was taken for a pointer.
        place_addr: Where its pointers stand; uint64.
    """

    function: str
    where: str
    pc_addr: int
    sp_addr: int
    precise: bool
    place_addr: NDArray[np.uint64]


@dataclass(slots=True)
class _At:
    """A frame on the way up."""

    function: Function
    pc: int
    sp: int
    fp: int
    varp: int
    argp: int
    continpc: int


class Unwinder:
    """Walks stacks of one image."""

    def __init__(self, space: AddressSpace, table: PclnTable, arch: str) -> None:
        self._space, self._table = space, table
        self._uses_lr = USES_LR[arch]
        self._min_frame_bytes = 8 if self._uses_lr else 0
        self._min_locals_bytes = 16 if self._uses_lr else 0

    def frames(  # noqa: PLR0917 - a saved context
        self, pc: int, sp: int, lr: int, stack: tuple[int, int], first_places: list[int], is_syscall: bool
    ) -> tuple[list[Frame], str]:
        """The frames from the innermost on, with their pointers.

        Args:
            pc: Saved program counter.
            sp: Saved stack pointer.
            lr: Saved link register, where there is one.
            stack: (lowest, highest) address.
            first_places: Further words that the collector starts from: they may point at stack objects.
            is_syscall: The innermost frame entered the kernel.

        Returns:
            The frames, and what stopped the walk before the stack's end (empty: nothing did).
        """
        words = _StackWords(self._space, sp, stack)
        ats, problem = self._walk(pc, sp, lr, stack, words, is_syscall)
        found = [self._places(at, conservative, stack) for at, conservative in self._marked(ats)]
        self._add_stack_objects(ats, found, words, first_places)
        frames = [
            Frame(
                at.function.name, self._table.line(at.function, at.pc - (1 if at.pc > at.function.entry_addr else 0)),
                at.pc, at.sp, precise, np.array(places, np.uint64),
            )
            for at, (places, precise) in zip(ats, found, strict=True)
        ]  # fmt: skip
        return frames, problem

    def _walk(  # noqa: PLR0912, PLR0917 - follows runtime/traceback.go step by step
        self, pc: int, sp: int, lr: int, stack: tuple[int, int], words: _StackWords, is_syscall: bool
    ) -> tuple[list[_At], str]:
        frames: list[_At] = []
        callee = ""
        if pc == 0:
            pc, sp = words.at(sp), sp if self._uses_lr else sp + 8
        while len(frames) < MAX_FRAMES:
            function = self._table.find(pc)
            if function is None:
                return frames, f"a return address {pc:#x} is not in Go's code"
            if not function.pcsp:
                return frames, ""
            delta = self._table.sp_delta(function, pc)
            if delta < 0 or not stack[0] <= sp <= stack[1]:
                return frames, f"the frame of {function.name} does not lie on its stack"
            fp = sp + delta + (0 if self._uses_lr else 8)
            if fp > stack[1]:
                return frames, f"the frame of {function.name} does not lie on its stack"
            flag, innermost = function.flag, not frames
            if function.name == "runtime.cgocallback" or (innermost and is_syscall):
                flag &= ~pclntab.SP_WRITE
            if flag & pclntab.TOP_FRAME or (flag & pclntab.SP_WRITE and not innermost):
                lr = 0
            elif self._uses_lr:
                lr = words.at(sp) if (innermost and sp < fp) or not lr else lr
            else:
                lr = words.at(fp - 8)
            varp = fp if self._uses_lr else fp - 8
            varp -= 8 if varp > sp else 0  # the saved frame pointer
            continpc = pc
            if callee == "runtime.sigpanic":
                continpc = function.entry_addr + function.deferreturn_off + 1 if function.deferreturn_off else 0
            frames.append(_At(function, pc, sp, fp, varp, fp + self._min_frame_bytes, continpc))
            if not lr or (lr == pc and sp == fp):
                return frames, ""
            callee, pc, sp, lr = function.name, lr, fp, 0
            if self._uses_lr and callee in INJECTED:
                saved = words.at(sp)
                sp += 16  # the small frame that sigctxt.pushCall made
                after = self._table.find(pc)
                if after is None:
                    pc = saved
                elif self._table.sp_delta(after, pc) == 0:
                    lr = saved
        return frames, "the stack has too many frames"

    def _marked(self, ats: list[_At]) -> list[tuple[_At, bool]]:
        """Each frame with whether every word of it counts: that of an asynchronous preemption and the next one."""
        marked, parent = [], False
        for at in ats:
            own = at.function.name in CONSERVATIVE
            marked.append((at, own or parent))
            parent = own
        return marked

    def _places(self, at: _At, conservative: bool, stack: tuple[int, int]) -> tuple[list[int], bool]:
        """(where pointers stand, whether maps say so)."""
        function = at.function
        if conservative or function.name in REFLECT:
            places = list(range(at.sp, at.varp, 8))
            n_args = function.args_bytes if function.args_bytes > 0 else 0
            return places + [a for a in range(at.argp, at.argp + n_args, 8) if a < stack[1]], False
        if not at.continpc:
            return [], True
        index = -1
        if at.continpc != function.entry_addr:
            index = self._table.stack_map_index(function, at.continpc - 1)
        index = max(index, 0)
        places = []
        if at.varp - at.sp > self._min_locals_bytes:
            found = self._table.bitmap(function, pclntab.LOCALS_MAPS, index)
            if found is None:
                return list(range(at.sp, at.varp, 8)), False
            n_words, bits = found
            places = [at.varp - 8 * n_words + 8 * bit for bit in bits]
        if function.args_bytes not in (0, pclntab.ARGS_UNKNOWN):
            found = self._table.bitmap(function, pclntab.ARGS_MAPS, index)
            if found is not None:
                places += [at.argp + 8 * bit for bit in found[1] if at.argp + 8 * bit < stack[1]]
        return places, True

    def _add_stack_objects(
        self, ats: list[_At], found: list[tuple[list[int], bool]], words: _StackWords, first_places: list[int]
    ) -> None:
        """Stack objects count where a pointer leads to them (mgcmark.go, `scanstack`, `stackScanState`)."""
        objects = []
        for index, at in enumerate(ats):
            for thing in self._table.stack_objects(at.function):
                start = thing.off + (at.varp if thing.off < 0 else at.argp)
                objects.append((start, start + thing.n_bytes, index, thing))
        if not objects:
            return
        objects.sort(key=lambda entry: entry[0])
        starts = [entry[0] for entry in objects]
        seen = [False] * len(objects)
        waiting = [words.at(place) for places, _ in found for place in places]
        for place in first_places:
            try:
                waiting.append(words.at(place) if words.has(place) else self._space.word(place))
            except MissingMemoryError:
                continue  # the record itself lies outside of what the image holds; the walk said so
        while waiting:
            pointer = waiting.pop()
            index = bisect_right(starts, pointer) - 1
            if index < 0 or seen[index] or pointer >= objects[index][1]:
                continue
            seen[index] = True
            start, _, frame, thing = objects[index]
            more = [start + off for off in thing.pointer_offs if words.has(start + off)]
            found[frame][0].extend(more)
            waiting.extend(words.at(place) for place in more)


class _StackWords:
    """The used part of a stack, read once."""

    def __init__(self, space: AddressSpace, sp: int, stack: tuple[int, int]) -> None:
        low, high = stack
        if not low <= sp <= high or sp % 8:
            raise MissingMemoryError(f"the stack pointer {sp:#x} does not lie on its stack")
        self.start, self.end = sp, high
        self._words = space.words(sp, (high - sp) // 8).tolist()

    def has(self, addr: int) -> bool:
        return self.start <= addr and addr + 8 <= self.end and addr % 8 == 0

    def at(self, addr: int) -> int:
        if not self.has(addr):
            raise MissingMemoryError(f"address {addr:#x} does not lie on the stack")
        return int(self._words[(addr - self.start) // 8])
