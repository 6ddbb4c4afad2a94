"""Goroutines: found through `runtime.allgs` by structure, with what each waits for and its stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from goknot.errors import InputError
from goknot.goruntime.heap import pointer_slices
from goknot.goruntime.stacks import Frame
from goknot.memory.space import MissingMemoryError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from goknot.formats.corenotes import CoreThread
    from goknot.goruntime.modules import Module
    from goknot.goruntime.pclntab import PclnTable
    from goknot.goruntime.stacks import Unwinder
    from goknot.layouts.layout import Layout
    from goknot.memory.source import Source
    from goknot.memory.space import AddressSpace

    UInt64s = NDArray[np.uint64]

G, GOBUF, SUDOG = "runtime.g", "runtime.gobuf", "runtime.sudog"
# runtime/runtime2.go, _Gidle ...; 0x1000 (_Gscan) is taken off
STATUS = {
    0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead", 8: "copystack", 9: "preempted",
    10: "leaked", 11: "dead extra",
}  # fmt: skip
RUNNING, SYSCALL, WAITING, DEAD, LEAKED = 2, 3, 4, 6, 10
GSCAN = 0x1000
MAX_STACK_BYTES = 1 << 32
MAX_GO_STACK_BYTES = 1 << 30  # runtime/proc.go, main: maxstacksize on 64 bits
MAX_SUDOGS = 1 << 16
MAX_DEFERS = 1 << 20
N_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class Goroutine:
    """A goroutine that is not dead.

    Attributes:
        status: `runnable`, `running`, `syscall`, `waiting`, ...
        wait_reason: Why it waits, in Go's words; empty when it does not.
        channel_addrs: Channels that it waits on.
        semaphore_addrs: Semaphores that it waits on.
        start_function: What the `go` statement called.
        created_at: Function and line of the `go` statement; empty for the first.
        frames: Innermost first.
        own_places: Words outside of frames that the collector scans for it: defer records, the saved closure.
        precise: False when some frame was taken word by word.
        tid: The thread that runs it; 0 when it does not run.
        problem: What stopped the walk of its stack; empty: nothing.
    """

    goid: int
    addr: int
    status: str
    wait_reason: str
    stack: tuple[int, int]
    channel_addrs: tuple[int, ...]
    semaphore_addrs: tuple[int, ...]
    start_function: str
    created_at: str
    frames: tuple[Frame, ...]
    own_places: tuple[int, ...]
    precise: bool
    tid: int = 0
    problem: str = ""


def find_allgs(source: Source, layout: Layout, modules: tuple[Module, ...]) -> tuple[int, UInt64s]:
    """(where `runtime.allgs` keeps its elements, the `g`s).

    Raises:
        InputError: There is none.
    """
    space, best = source.space, (0, 0)
    for _, first, length in pointer_slices(space, modules):
        if length <= best[1]:
            continue
        sample = space.words_at(np.uint64(first) + np.arange(min(length, N_SAMPLE), dtype=np.uint64) * np.uint64(8))
        if _like_gs(space, layout, sample):
            best = (first, length)
    if not best[0]:
        raise InputError(source.where, "the list of goroutines is not where Go keeps it", "is this release known?")
    return best[0], space.words(*best)


def _like_gs(space: AddressSpace, layout: Layout, sample: UInt64s) -> bool:
    if not (sample > 4096).all() or (sample % np.uint64(8)).any() or len(np.unique(sample)) != len(sample):
        return False
    low = space.words_at(sample + np.uint64(layout.off(G, "stack")))
    high = space.words_at(sample + np.uint64(layout.off(G, "stack") + 8))
    status = space.words_at(sample + np.uint64(layout.off(G, "atomicstatus"))) & np.uint64(0xFFFF)
    goid = space.words_at(sample + np.uint64(layout.off(G, "goid")))
    own = space.words_at(sample + np.uint64(layout.off(G, "sched") + layout.off(GOBUF, "g")))
    dead = (status & np.uint64(0xFFF)) == DEAD
    stack = ((low < high) & (high - low <= MAX_STACK_BYTES) & (low > 0)) | (dead & (low == 0) & (high == 0))
    sane = stack & ((status & np.uint64(0xFFF)) <= max(STATUS)) & (goid < 1 << 48) & ((own == sample) | (own == 0))
    return bool(sane.all() and goid[0] == 1)


def read_goroutines(
    source: Source, layout: Layout, addrs: UInt64s, unwinder: Unwinder, table: PclnTable
) -> tuple[tuple[Goroutine, ...], list[str]]:
    """All goroutines that are not dead, in the runtime's order; and what was wrong."""
    threads = {thread.tid: thread for thread in source.threads}
    found, problems = [], []
    for addr in addrs.tolist():
        try:
            goroutine = _Reader(source, layout, addr, threads).read(unwinder, table)
        except MissingMemoryError as missing:
            problems.append(f"the goroutine at {addr:#x} cannot be read: {missing.what}")
            continue
        if goroutine is not None:
            found.append(goroutine)
            if goroutine.problem:
                problems.append(f"goroutine {goroutine.goid}: {goroutine.problem}; its stack is taken word by word")
    return tuple(found), problems


class _Reader:
    """One `g`."""

    def __init__(self, source: Source, layout: Layout, addr: int, threads: dict[int, CoreThread]) -> None:
        self._space, self._layout, self._addr, self._threads = source.space, layout, addr, threads

    def _word(self, member: str) -> int:
        return self._space.word(self._addr + self._layout.off(G, member))

    def _number(self, member: str) -> int:
        return self._space.number(self._addr + self._layout.off(G, member), self._layout.width(G, member))

    def read(self, unwinder: Unwinder, table: PclnTable) -> Goroutine | None:
        space, layout = self._space, self._layout
        status = space.number(self._addr + layout.off(G, "atomicstatus"), 4) & ~GSCAN
        stack = (self._word("stack"), space.word(self._addr + layout.off(G, "stack") + 8))
        if status not in STATUS or STATUS[status] in ("idle", "dead", "dead extra") or stack[0] >= stack[1]:
            return None
        reason = self._number("waitreason") if status in (WAITING, LEAKED) else 0
        text = layout.wait_reasons[reason] if reason < len(layout.wait_reasons) else f"reason {reason}"
        channels, semaphores = self._waits() if status in (WAITING, LEAKED) else ((), ())
        own_places = self._own_places(stack)
        frames, problem, precise = self._frames(status, stack, own_places, unwinder)
        start, created = table.find(self._word("startpc")), self._word("gopc")
        goid = self._word("goid")
        maker = table.find(created) if goid != 1 else None  # the first is made by the start-up code
        return Goroutine(
            goid=goid,
            addr=self._addr,
            status=STATUS[status],
            wait_reason=text,
            stack=stack,
            channel_addrs=channels,
            semaphore_addrs=semaphores,
            start_function=start.name if start else "",
            created_at=f"{maker.name} {table.line(maker, created - 1)}".rstrip() if maker else "",
            frames=tuple(frames),
            own_places=tuple(own_places),
            precise=precise and all(frame.precise for frame in frames),
            tid=self._tid() if status == RUNNING else 0,
            problem=problem,
        )

    def _waits(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """`g.waiting`: (channels, semaphores). What has neither (sync.Cond) is looked for elsewhere.

        Only the sudogs of channels are linked through one goroutine (select). The link of a semaphore's sudog leads on
        to others that wait for the same (sema.go, `semaRoot`): thousands, where a lock is held for ever.
        """
        channels, semaphores = [], []
        at = self._word("waiting")
        for _ in range(MAX_SUDOGS):
            if not at:
                break
            channel, elem = sudog_words(self._space, self._layout, at)
            if not channel:
                semaphores += [elem] if elem else []
                break
            channels.append(channel)
            at = self._space.word(at + self._layout.off(SUDOG, "waitlink"))
        return tuple(channels), tuple(semaphores)

    def _own_places(self, stack: tuple[int, int]) -> list[int]:
        """mgcmark.go, `scanstack`: the saved closure; function and link of each defer record."""
        layout, space = self._layout, self._space
        places = [self._addr + layout.off(G, "sched") + layout.off(GOBUF, "ctxt")]
        at, where = self._word("_defer"), self._addr + layout.off(G, "_defer")
        for _ in range(MAX_DEFERS):
            if not at:
                break
            places.append(where)
            places.append(at + layout.off("runtime._defer", "fn"))
            where = at + layout.off("runtime._defer", "link")
            at = space.word(where)
        places.append(self._addr + layout.off(G, "_panic"))
        return places

    def _frames(
        self, status: int, stack: tuple[int, int], own_places: list[int], unwinder: Unwinder
    ) -> tuple[list[Frame], str, bool]:
        """(frames, problem, precise)."""
        if status == RUNNING:
            return [self._running(stack)], "", False
        layout, gobuf = self._layout, self._addr + self._layout.off(G, "sched")
        pc, sp, lr = (self._space.word(gobuf + layout.off(GOBUF, name)) for name in ("pc", "sp", "lr"))
        in_syscall = self._word("syscallsp") != 0
        if in_syscall:
            pc, sp, lr = self._word("syscallpc"), self._word("syscallsp"), 0
        try:
            frames, problem = unwinder.frames(pc, sp, lr, stack, own_places, in_syscall)
        except MissingMemoryError as missing:
            frames, problem = [], missing.what
        if problem:
            from_addr = frames[-1].sp_addr if frames else sp if stack[0] <= sp <= stack[1] else stack[0]
            frames = [*frames[:-1], word_by_word("", from_addr, stack[1])]
        return frames, problem, not problem

    def _tid(self) -> int:
        m_addr = self._word("m")
        return self._space.number(m_addr + self._layout.off("runtime.m", "procid"), 4) if m_addr else 0

    def _running(self, stack: tuple[int, int]) -> Frame:
        """A running goroutine: its thread's stack pointer tells what is in use, when the thread is on this stack."""
        low = stack[0]
        thread = self._threads.get(self._tid())
        if thread is not None and stack[0] <= thread.sp_addr <= stack[1]:
            low = -(-thread.sp_addr // 8) * 8
        return word_by_word("", low, stack[1])


def word_by_word(name: str, low: int, high: int) -> Frame:
    """A stretch of stack without maps."""
    if high - low > MAX_GO_STACK_BYTES:
        low = high  # no stack of Go's: the bounds are damaged
    low = -(-low // 8) * 8
    return Frame(name, "", 0, low, False, np.arange(low, max(low, high - 7), 8, dtype=np.uint64))


def sudog_words(space: AddressSpace, layout: Layout, addr: int) -> tuple[int, int]:
    """(channel, semaphore or element) of a sudog; Go 1.26 and later keep the plain address last (runtime2.go)."""
    channel = addr + layout.off(SUDOG, "c") + layout.width(SUDOG, "c") - 8
    elem = addr + layout.off(SUDOG, "elem") + layout.width(SUDOG, "elem") - 8
    return space.word(channel), space.word(elem)
