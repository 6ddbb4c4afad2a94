"""Who stays where it is for ever, in which states that is decided, and by what.

A state that cannot be left for good is one of a bottom component of the graph: of states that lead to one another and
nowhere else. A process that stands at the same instruction in all states of one and never moves there waits for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from goknot.analyses.leaks.states import At, Move, Schedule, begun


@dataclass(frozen=True, slots=True)
class Stuck:
    """A goroutine that can wait for ever.

    Attributes:
        goroutine: Which.
        pc: Where.
        always: Whether that happens whatever is decided.
        turns: What decides it, first to last: moves after which it can no longer be helped, or that could have helped.
    """

    goroutine: int
    pc: int
    always: bool
    turns: tuple[Move, ...]


def stuck_of(schedule: Schedule) -> list[Stuck]:
    """Everybody who can wait for ever, whatever suits."""
    bottoms = _bottoms(schedule)
    settled = [bottom for bottom in bottoms if not schedule.held.intersection(bottom)]
    ends: dict[tuple[int, int], set[int]] = {}
    for bottom in settled:
        for at in _never_moves(schedule, bottom):
            ends.setdefault((at.goroutine, at.pc), set()).update(bottom)
    found = []
    for (goroutine, pc), states in sorted(ends.items()):
        told = (begun(goroutine), True)
        everywhere = {s for bottom in bottoms for s in bottom if told in schedule.states[s].decided}
        of_goroutine = set().union(*(mine for (other, _), mine in ends.items() if other == goroutine))
        forced = _forced(schedule, states, {s for bottom in bottoms for s in bottom} - of_goroutine)
        if 0 not in forced:
            continue
        always = everywhere <= of_goroutine
        found.append(Stuck(goroutine, pc, always, _turns(schedule, states, forced, everywhere - of_goroutine)))
    return found


def _bottoms(schedule: Schedule) -> list[list[int]]:
    """The components that nothing leaves, each sorted (Tarjan 1972, without recursion)."""
    moves = schedule.moves
    n_states = len(moves)
    order = [0] * n_states  # state -> when it was met, from 1
    low = [0] * n_states
    component = [-1] * n_states
    stack: list[int] = []
    found: list[list[int]] = []
    n_met = 0
    for root in range(n_states):
        if order[root]:
            continue
        work = [(root, 0)]
        while work:
            state, position = work.pop()
            if position == 0:
                n_met += 1
                order[state] = low[state] = n_met
                stack.append(state)
            targets = moves[state]
            if position:
                low[state] = min(low[state], low[targets[position - 1].target])
            while position < len(targets):
                target = targets[position].target
                position += 1
                if not order[target]:
                    work.extend(((state, position), (target, 0)))
                    break
                if component[target] < 0:
                    low[state] = min(low[state], order[target])
            else:
                if low[state] == order[state]:
                    members: list[int] = []
                    while not members or members[-1] != state:
                        members.append(stack.pop())
                        component[members[-1]] = len(found)
                    found.append(sorted(members))
    return [
        members
        for number, members in enumerate(found)
        if all(component[move.target] == number for state in members for move in moves[state])
    ]


def _never_moves(schedule: Schedule, bottom: list[int]) -> set[At]:
    """Processes that stand still in all of some states."""
    still = set(schedule.states[bottom[0]].processes)
    for state in bottom:
        still.intersection_update(schedule.states[state].processes)
        for move in schedule.moves[state]:
            still.difference_update(move.movers)
    return still


def _forced(schedule: Schedule, ends: Collection[int], good: Collection[int]) -> set[int]:
    """States from which some bad end is reached although what suits is done.

    To go round for ever does not suit: where no good end can be reached, all is lost.
    """
    found: set[int] = set()
    lost = set(ends)
    while lost - found:
        found = _attracted(schedule, found | lost)
        lost = set(range(len(schedule.states))) - _leading_to(schedule, set(good) - found, found)
    return found


def _attracted(schedule: Schedule, ends: Collection[int]) -> set[int]:
    """The attractor of some states in a game on a graph."""
    came_from: dict[int, list[tuple[int, bool]]] = {}
    open_ways: dict[int, int] = {}
    for state, moves in enumerate(schedule.moves):
        ways = {(move.target, move.suits) for move in moves}
        open_ways[state] = len(ways)
        for target, suits in ways:
            came_from.setdefault(target, []).append((state, suits))
    found = set(ends)
    stack = list(found)
    while stack:
        for state, suits in came_from.get(stack.pop(), ()):
            open_ways[state] -= 1
            if state not in found and not (suits and open_ways[state]):
                found.add(state)
                stack.append(state)
    return found


def _turns(schedule: Schedule, ends: Collection[int], forced: Collection[int], good: Iterable[int]) -> tuple[Move, ...]:
    """The moves on a shortest way to an end that lead from where a good end could be reached to where none can."""
    saved = _leading_to(schedule, good, ())
    came_by: dict[int, tuple[int, Move]] = {}
    queue, seen = [0], {0}
    for state in queue:
        if state in ends:
            break
        for move in schedule.moves[state]:
            if move.target not in seen and move.target in forced:
                seen.add(move.target)
                came_by[move.target] = (state, move)
                queue.append(move.target)
    else:
        return ()
    turns = []
    while state:
        before, move = came_by[state]
        if before in saved and state not in saved:
            turns.append(move)
        state = before
    return tuple(reversed(turns))


def _leading_to(schedule: Schedule, ends: Iterable[int], without: Collection[int]) -> set[int]:
    """States from which one of some can be reached, round others."""
    came_from: dict[int, list[int]] = {}
    for state, moves in enumerate(schedule.moves):
        for move in moves:
            came_from.setdefault(move.target, []).append(state)
    found = set(ends)
    stack = list(found)
    while stack:
        for state in came_from.get(stack.pop(), ()):
            if state not in found and state not in without:
                found.add(state)
                stack.append(state)
    return found
