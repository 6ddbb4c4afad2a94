"""Two processes give what one gives, whatever happens to the second."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from goknot.inputs.source import halves
from goknot.inputs.source.tree import DiskTree


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DiskTree:
    monkeypatch.setattr(halves, "MIN_ITEMS", 4)
    monkeypatch.setattr(halves, "_can_fork", lambda: hasattr(os, "fork"))
    return DiskTree(tmp_path)


@pytest.mark.parametrize("n_items", [0, 3, 4, 5, 1000])
def test_results_come_in_order(tree: DiskTree, n_items: int) -> None:
    items = list(range(n_items))
    assert halves.in_halves(tree, lambda item: (item, {str(item)}), items) == [(i, {str(i)}) for i in items]


def test_the_child_really_works(tree: DiskTree) -> None:
    assert len(set(halves.in_halves(tree, lambda item: os.getpid(), list(range(10))))) == 2


def test_a_child_that_dies_costs_nothing_but_time(tree: DiskTree) -> None:
    parent = os.getpid()

    def work(item: int) -> int:
        if os.getpid() != parent:
            os._exit(3)
        return item

    assert halves.in_halves(tree, work, list(range(10))) == list(range(10))


def test_a_fault_reaches_the_caller(tree: DiskTree) -> None:
    def work(item: int) -> int:
        raise LookupError(item)

    with pytest.raises(LookupError):
        halves.in_halves(tree, work, list(range(10)))
