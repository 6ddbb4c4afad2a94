"""The cut as an integer program: one variable an edge, one row a cycle, rows added as they are found violated.

Its bound is proven whether or not it is solved to the end. All limits count work (rounds, rows, simplex iterations,
nodes), so that a slow machine gets the same result as a fast one.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence

import highspy
import numpy as np

Edge = tuple[int, int]
_LP_ROUNDS = 60
_MAX_ROWS = 6000
_WORK = 90_000_000  # units of about 40 ns: simplex iterations by rows and columns, searches by nodes and edges
_NODES = 2000
_EPSILON = 1e-6


def improve(
    n_nodes: int, weights: Mapping[Edge, int], cut: Sequence[Edge], bound: int, known_cost: int
) -> tuple[tuple[Edge, ...], int]:
    """Tries to prove a cost minimal, or to find a better cut.

    Args:
        n_nodes: Nodes are 0 to n_nodes - 1.
        weights: Edge -> weight; strongly connected, without loops.
        cut: A cut.
        bound: A lower bound known already.
        known_cost: What the best cut known costs, which need not be `cut`; only a cheaper one is looked for.

    Returns:
        The best cut found and the best lower bound proven.
    """
    program = _Program(n_nodes, weights)
    best, best_cost = tuple(cut), known_cost
    program.add(program.short_cycles())
    for _ in range(_LP_ROUNDS):
        value = program.solve_relaxed()
        if value is None:
            return best, bound
        bound = max(bound, int(_up(value)))
        if bound >= best_cost:
            return best, bound
        if not program.add(program.violated()):
            break
    return _branch(program, best, best_cost, bound)


def _branch(program: _Program, best: tuple[Edge, ...], best_cost: int, bound: int) -> tuple[tuple[Edge, ...], int]:
    """Branch and bound: an undecided edge is cut in one half of the search and kept in the other."""
    open_halves: list[tuple[float, tuple[tuple[int, float], ...]]] = [(float(bound), ())]
    applied: tuple[tuple[int, float], ...] = ()
    for _ in range(_NODES):
        if not open_halves:
            break
        value, fixed = open_halves[-1]
        if program.work_left <= 0:
            break
        open_halves.pop()
        if _up(value) >= best_cost:
            continue
        program.fix(applied, fixed)
        applied = fixed
        relaxed = program.settle(best_cost)
        if relaxed is None:
            open_halves.append((value, fixed))  # the work is used up: this half stays undecided
            break
        candidate = program.rounded_cut()
        if (cost := sum(program.weights[edge] for edge in candidate)) < best_cost:
            best, best_cost = candidate, cost
        column = program.most_undecided()
        if _up(relaxed) >= best_cost:
            continue
        if column is None:
            # decided everywhere, yet no cut: cycles were left out for want of rows or searches, so nothing is proven
            open_halves.append((relaxed, fixed))
            break
        open_halves.append((relaxed, (*fixed, (column, 0.0))))
        open_halves.append((relaxed, (*fixed, (column, 1.0))))
    undecided = [_up(value) for value, _ in open_halves]
    return best, int(max(bound, min([best_cost, *undecided])))


class _Silent(highspy.Highs):
    """A solver that prints nothing: turning callbacks on would print a banner to stdout, amid the report."""

    def enableCallbacks(self) -> None:  # noqa: N802 (the solver's name)
        """Leaves them off."""


class _Program:
    """The rows found so far, and the last solution."""

    def __init__(self, n_nodes: int, weights: Mapping[Edge, int]) -> None:
        self.n_nodes = n_nodes
        self.edges = list(weights)
        self.weights = weights
        self.column_by_edge = {edge: column for column, edge in enumerate(self.edges)}
        self.rows: set[tuple[int, ...]] = set()
        self.values = [0.0] * len(self.edges)
        self.work_left = _WORK
        self.next_start = 0
        self.after: list[list[tuple[int, int]]] = [[] for _ in range(n_nodes)]
        for column, (u, v) in enumerate(self.edges):
            self.after[u].append((v, column))
        self.solver = _Silent()  # type: ignore[no-untyped-call]
        for option, setting in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 1),
            ("time_limit", 120.0),  # far beyond what the other limits allow; only against a solver that hangs
        ):
            self.solver.setOptionValue(option, setting)
        for weight in weights.values():
            self.solver.addCol(float(weight), 0.0, 1.0, 0, np.array([], dtype=np.int32), np.array([], dtype=np.float64))

    def add(self, cycles: Iterable[tuple[int, ...]]) -> int:
        """Adds rows for cycles (columns of their edges) that have none yet; returns how many."""
        n_added = 0
        for columns in cycles:
            row = tuple(sorted(columns))
            if row in self.rows or len(self.rows) >= _MAX_ROWS:
                continue
            self.rows.add(row)
            n_added += 1
            self.solver.addRow(
                1.0, highspy.kHighsInf, len(row), np.array(row, dtype=np.int32), np.ones(len(row), dtype=np.float64)
            )
        return n_added

    def short_cycles(self) -> list[tuple[int, ...]]:
        """Every cycle of two, and of three while they are few."""
        column = self.column_by_edge
        found: list[tuple[int, ...]] = [
            (column[u, v], column[v, u]) for u, v in self.edges if u < v and (v, u) in column
        ]
        for u, v in self.edges:
            for w, _ in self.after[v]:
                if u < v and u < w and (w, u) in column:
                    found.append((column[u, v], column[v, w], column[w, u]))
                    if len(found) > _MAX_ROWS // 2:
                        return found
        return found

    def solve_relaxed(self) -> float | None:
        """Solves without integrality; the value is a lower bound. None if the work is used up."""
        size = len(self.rows) + len(self.edges)
        if self.work_left <= 0:
            return None
        self.solver.setOptionValue("simplex_iteration_limit", self.work_left // size + 1)
        self.solver.run()
        info = self.solver.getInfo()
        self.work_left -= max(1, info.simplex_iteration_count) * size
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return math.inf
        if status != highspy.HighsModelStatus.kOptimal:
            return None
        self.values = list(self.solver.getSolution().col_value)
        return float(info.objective_function_value)

    def fix(self, before: tuple[tuple[int, float], ...], now: tuple[tuple[int, float], ...]) -> None:
        """Frees the edges decided before and decides those of now."""
        for column, _ in before:
            self.solver.changeColBounds(column, 0.0, 1.0)
        for column, value in now:
            self.solver.changeColBounds(column, value, value)

    def settle(self, enough: int) -> float | None:
        """Solves and adds violated rows in turn; the value is inf if nothing is feasible, None if work is used up.

        Stops early once the value reaches `enough`.
        """
        while True:
            value = self.solve_relaxed()
            if value is None or _up(value) >= enough or not self.add(self.violated()):
                return value

    def most_undecided(self) -> int | None:
        """The edge whose value is furthest from a decision, weighed; None if all are decided."""
        best, best_score = None, 1e-5
        for column, value in enumerate(self.values):
            score = min(value, 1 - value) * math.sqrt(self.weights[self.edges[column]])
            if min(value, 1 - value) > 1e-5 and score > best_score:
                best, best_score = column, score
        return best

    def violated(self) -> list[tuple[int, ...]]:
        """For each edge the lightest cycle through it, where the solution does not cut it."""
        search = 7 * len(self.edges)
        n_searches = min(self.n_nodes, max(1, _WORK // (10 * search)))
        self.work_left -= n_searches * search
        found = []
        for turn in range(n_searches):
            start = (self.next_start + turn) % self.n_nodes
            distance, parent = self._lightest_paths(start)
            for u in range(self.n_nodes):
                column = self.column_by_edge.get((u, start))
                if column is None or u not in distance or distance[u] + self.values[column] >= 1 - 1e-4:
                    continue
                cycle = [column]
                node = u
                while node != start:
                    node, via = parent[node]
                    cycle.append(via)
                found.append((distance[u] + self.values[column], tuple(cycle)))
        self.next_start = (self.next_start + n_searches) % self.n_nodes
        found.sort()
        return [cycle for _, cycle in found[: 4 * self.n_nodes + 100]]

    def _lightest_paths(self, start: int) -> tuple[dict[int, float], dict[int, tuple[int, int]]]:
        distance = {start: 0.0}
        parent: dict[int, tuple[int, int]] = {}
        heap = [(0.0, 0, start)]
        done: set[int] = set()
        while heap:
            length, hops, node = heapq.heappop(heap)
            if node in done:
                continue
            done.add(node)
            for successor, column in self.after[node]:
                further = length + max(0.0, self.values[column]) + 1e-7  # fewer edges first
                if further < 1 and further < distance.get(successor, 1.0):
                    distance[successor] = further
                    parent[successor] = (node, column)
                    heapq.heappush(heap, (further, hops + 1, successor))
        return distance, parent

    def rounded_cut(self) -> tuple[Edge, ...]:
        """A cut near the solution: edges are kept in the order of their value as long as no cycle closes."""
        self.work_left -= self.n_nodes * len(self.edges)
        kept: list[set[int]] = [set() for _ in range(self.n_nodes)]
        order = sorted(
            range(len(self.edges)), key=lambda c: (round(self.values[c], 6), -self.weights[self.edges[c]], c)
        )
        cut = []
        for column in order:
            u, v = self.edges[column]
            if _reaches(v, u, kept):
                cut.append((u, v))
            else:
                kept[u].add(v)
        return tuple(sorted(cut))


def _up(value: float) -> float:
    """The least whole number a cut can cost that costs at least `value`; infinity stays."""
    return value if math.isinf(value) else math.ceil(value - _EPSILON)


def _reaches(source: int, target: int, after: list[set[int]]) -> bool:
    seen = {source}
    stack = [source]
    while stack:
        for successor in after[stack.pop()]:
            if successor == target:
                return True
            if successor not in seen:
                seen.add(successor)
                stack.append(successor)
    return False
