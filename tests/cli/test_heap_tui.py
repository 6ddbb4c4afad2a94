"""`goknot heap --tui`: keys are pressed, and what is on the screen is read."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from support.toolchains import QUICK_VERSIONS
from textual.widgets import OptionList, Static

from goknot.app.heap.opening import open_study
from goknot.app.heap.study import HeapStudy
from goknot.app.heap.walk import Place, Stop, Walk
from goknot.cli.heap_tui.dominator_tree import DominatorTree
from goknot.cli.heap_tui.screen import HeapWalk
from goknot.kernels.memory import Allocator
from goknot.reports.view import View

if TYPE_CHECKING:
    from support.images import ImageMaker
    from textual.pilot import Pilot

VIEW = View(width=120)


@pytest.fixture(scope="module")
def walk(heap_image: ImageMaker) -> Walk:
    image = heap_image(QUICK_VERSIONS[-1])
    return Walk(open_study(str(image.core), None, stop=True, alloc=Allocator(), step=lambda _: None))


def drive(walk: Walk, script: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    async def all_of_it() -> None:
        async with HeapWalk(walk).run_test(size=size) as pilot:
            await settle(pilot)
            await script(pilot)

    asyncio.run(all_of_it())


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def title(pilot: Pilot[None]) -> str:
    return str(pilot.app.query_one("#title", Static).render())


def rows(pilot: Pilot[None]) -> list[str]:
    found = pilot.app.query_one("#rows", OptionList)
    return [str(found.get_option_at_index(at).prompt) for at in range(found.option_count)]


def head(pilot: Pilot[None]) -> str:
    return str(pilot.app.query_one("#text", Static).render())


async def go_to(pilot: Pilot[None], *words: str) -> None:
    """Puts the cursor on the first line that has all the words, and follows it."""
    at = next(at for at, row in enumerate(rows(pilot)) if all(word in row for word in words))
    pilot.app.query_one("#rows", OptionList).highlighted = at
    await press(pilot, "enter")


def test_from_a_knot_to_its_objects_and_back(walk: Walk) -> None:
    async def script(pilot: Pilot[None]) -> None:
        assert title(pilot).endswith(" knots")
        await go_to(pilot, "never-freed", "main.finA")
        assert "main.finA" in title(pilot)
        assert ".b @" in head(pilot) or ".peer @" in head(pilot) or "↓" in head(pilot)
        knot = rows(pilot)
        assert any("held by" in row for row in knot)
        await go_to(pilot, "instance", "main.fin")
        assert title(pilot).startswith("main.fin")
        assert " at 0x" in title(pilot)
        assert "never-freed" in head(pilot)
        assert "on a ring of 2 objects" in head(pilot)
        lines = rows(pilot)
        assert any(line.startswith("points to") for line in lines)
        assert any(line.startswith("pointed at by") for line in lines)
        first = title(pilot)
        await go_to(pilot, "points to", "main.fin")
        assert title(pilot) != first
        await press(pilot, "backspace")
        assert title(pilot) == first
        await press(pilot, "escape")
        assert rows(pilot) == knot
        await press(pilot, "backspace")
        assert title(pilot).endswith(" knots")
        await press(pilot, "backspace")  # nothing is behind the first page
        assert title(pilot).endswith(" knots")

    drive(walk, script)


def test_goroutines_that_wait_for_ever(walk: Walk) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "4")
        await go_to(pilot, "for ever: chan receive", "main.leakRecv")
        assert "main.leakRecv" in head(pilot)
        await go_to(pilot, "goroutine ")
        assert "for ever: chan receive" in title(pilot)
        assert "started by" in head(pilot)

    drive(walk, script)


def test_the_dominator_tree_unfolds(walk: Walk) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "3")
        tree = pilot.app.query_one(DominatorTree)
        assert tree.root.children
        assert tree.has_focus
        node = next(one for one in tree.root.children if one.allow_expand)
        assert not node.children
        tree.move_cursor(node)
        await press(pilot, "enter")
        assert node.children
        opens = next(one for one in tree.root.children if one.data.stop is not None)
        tree.move_cursor(opens)
        await press(pilot, "o")
        assert pilot.app.query_one("#rows", OptionList).display
        await press(pilot, "backspace")
        assert tree.has_focus
        assert tree.display

    drive(walk, script)


def test_search(walk: Walk) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *"leaksend", "enter")
        assert title(pilot).endswith("found for leaksend")
        assert {row.split()[0] for row in rows(pilot)} >= {"knot", "goroutines"}
        await press(pilot, "slash", *"0x10", "enter")
        assert title(pilot).endswith("found for leaksend")  # no object lies there: said, and nothing else
        await press(pilot, "slash", *"nothing.is.called.so", "enter")
        assert title(pilot).startswith("0 found")
        await press(pilot, "slash", "escape")
        assert not pilot.app.query_one("#search").display

    drive(walk, script, size=(100, 30))


def test_lists(walk: Walk) -> None:
    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        await go_to(pilot, "main.")
        assert "reachable object" in head(pilot)
        await press(pilot, "5")
        await go_to(pilot, "variable main.")
        assert "variable main." in title(pilot)
        assert "keeps" in title(pilot)

    drive(walk, script)


def test_what_a_page_says_is_what_the_views_say(walk: Walk) -> None:
    study = walk.study
    knots = walk.page(Stop(Place.KNOTS), VIEW)
    assert len(knots.lines) == len(walk.report.knots)
    types = walk.page(Stop(Place.TYPES), VIEW)
    kept = [int(line.cells[0] or 0) for line in types.lines]
    assert kept == sorted(kept, reverse=True)
    graph = study.graph
    start, target = graph.edge_start.tolist(), graph.edge_target.tolist()
    into: dict[int, list[int]] = {}
    for source in range(graph.n_objects):
        for one in target[start[source] : start[source + 1]]:
            into.setdefault(one, []).append(source)
    for number in range(0, graph.n_objects, max(1, graph.n_objects // 200)):
        said: dict[str, list[int]] = {}
        word = ""
        for line in walk.page(Stop(Place.OBJECT, number), VIEW).lines:
            word = str(line.cells[0]) or word
            if line.stop is not None and line.stop.place is Place.OBJECT:
                said.setdefault(word, []).append(line.stop.number)
        assert said.get("points to", []) == target[start[number] : start[number + 1]][:500]
        assert said.get("pointed at by", []) == into.get(number, [])[:500]
        assert (said.get("held by") or [number])[-1] == number


def test_hostile_names_do_nothing(walk: Walk) -> None:
    heap = walk.study.heap
    names = tuple(f"[red]{name}\x1b[2J\u202e[/]" for name in heap.type_names)
    hostile = Walk(HeapStudy(replace(heap, type_names=names), None, walk.study.known))

    async def script(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        assert any("[red]" in row and "\\x1b[2J" in row for row in rows(pilot))
        await press(pilot, "enter")
        assert title(pilot).startswith("[red]")
        assert "\x1b" not in title(pilot)
        await press(pilot, "3")
        labels = [str(one.label) for one in pilot.app.query_one(DominatorTree).root.children]
        assert not any("\x1b" in label or "\u202e" in label for label in labels)

    drive(hostile, script, size=(160, 30))


def test_what_it_needs(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "goknot", "heap", "1", "--tui"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("goknot: --tui needs a terminal")
    done = subprocess.run(
        [sys.executable, "-m", "goknot", "heap", "1", "--tui", "--top"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--tui shows everything itself" in done.stderr
