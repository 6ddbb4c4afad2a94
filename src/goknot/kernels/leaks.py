"""Which waiting goroutines can still be woken: marking to a fixpoint, in one pass.

The rule is that of Go 1.26's goroutine leak profile (runtime/mgc.go, `findGoroutineLeaks`; Saioc et al., "Dynamic
partial deadlock detection and recovery via garbage collection", ASPLOS 2025): the stack of a waiting goroutine is a
root only once something it waits on has been reached.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from goknot.kernels import _jit
from goknot.kernels._jit import IN_I32, IN_I64, OUT_I32, OUT_U8, helper, kernel
from goknot.kernels.memory import Allocator
from goknot.kernels.rows import Rows

_MARKED, _AWAITED, _CLOSED = 1, 2, 4


@helper
def _first_at(values: NDArray[np.int32], value: int) -> int:
    """Where `value` stands or would stand in ascending `values`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@kernel(_jit.void, IN_I64, IN_I32, IN_I64, IN_I32, IN_I32, IN_I32, OUT_U8, OUT_U8, OUT_I32, _jit.i64)
def _wake(
    edge_start: NDArray[np.int64],
    edge_target: NDArray[np.int32],
    stack_start: NDArray[np.int64],
    stack_target: NDArray[np.int32],
    awaited: NDArray[np.int32],
    waiter: NDArray[np.int32],
    state: NDArray[np.uint8],
    is_live: NDArray[np.uint8],
    queue: NDArray[np.int32],
    tail: int,
) -> None:
    """Runs until the queue is empty or everybody lives; `awaited` ascends and names the objects `waiter` waits on."""
    head = 0
    n_asleep = 0
    for goroutine in range(len(is_live)):
        n_asleep += 1 - is_live[goroutine]
    while head < tail and n_asleep > 0:
        node = queue[head]
        head += 1
        if state[node] & _AWAITED:
            at = _first_at(awaited, node)
            while at < len(awaited) and awaited[at] == node:
                goroutine = waiter[at]
                at += 1
                if is_live[goroutine]:
                    continue
                is_live[goroutine] = 1
                n_asleep -= 1
                for index in range(stack_start[goroutine], stack_start[goroutine + 1]):
                    target = stack_target[index]
                    if not state[target] & _MARKED:
                        state[target] |= _MARKED
                        queue[tail] = target
                        tail += 1
        if state[node] & _CLOSED:
            continue
        for edge in range(edge_start[node], edge_start[node + 1]):
            target = edge_target[edge]
            if not state[target] & _MARKED:
                state[target] |= _MARKED
                queue[tail] = target
                tail += 1


def wake_all(
    edges: Rows,
    closed: NDArray[np.bool_],
    seed: NDArray[np.int32],
    stacks: Rows,
    *,
    wait_object: NDArray[np.int32],
    wait_goroutine: NDArray[np.int32],
    is_live: NDArray[np.bool_],
    alloc: Allocator | None = None,
) -> NDArray[np.bool_]:
    """Finds the goroutines that run or can be woken.

    Args:
        edges: object -> objects it points at.
        closed: object -> True if its edges are not followed (g and sudog).
        seed: Objects that roots other than stacks point at.
        stacks: goroutine -> objects its stack points at.
        wait_object: wait -> object it is for; no -1 here.
        wait_goroutine: wait -> goroutine.
        is_live: goroutine -> True if its stack is a root from the start.
        alloc: Where arrays come from.

    Returns:
        goroutine -> True if it lives.
    """
    alloc = alloc or Allocator()
    n = edges.n_rows
    state = alloc.zeros(n, np.uint8)
    state[closed] = _CLOSED
    state[wait_object] |= _AWAITED
    by_object = np.argsort(wait_object, kind="stable")
    owner = np.repeat(np.arange(len(is_live)), np.diff(stacks.start))
    first = np.unique(np.concatenate((seed, stacks.target[is_live[owner]]))).astype(np.int32, copy=False)
    state[first] |= _MARKED
    queue = alloc.empty(n, np.int32)
    queue[: len(first)] = first
    live = is_live.astype(np.uint8)
    _wake(
        *edges,
        *stacks,
        wait_object[by_object],
        wait_goroutine[by_object],
        state,
        live,
        queue,
        len(first),
    )
    return live.astype(np.bool_)
