"""What heap_shapes expects is what Go does: finalizers that run and do not, goroutines that Go calls leaked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.builds import build
from support.programs import running
from support.toolchains import QUICK_VERSIONS, VERSIONS

if TYPE_CHECKING:
    from support.images import ImageMaker

MATRIX = [v if v in QUICK_VERSIONS else pytest.param(v, marks=pytest.mark.slow) for v in VERSIONS]


@pytest.mark.parametrize("version", MATRIX)
def test_go_finalizes_what_is_expected_and_nothing_else(version: str, heap_image: ImageMaker) -> None:
    said = heap_image(version).said
    assert said["finalized"] == said["expected"]
    assert min(said["expected"].values()) == said["n"]
    never = {plant["shape"] for plant in said["plants"] if plant["verdict"] == "never-freed"}
    assert not never & set(said["finalized"])
    assert len(never) >= 8


def test_go_calls_the_same_goroutines_leaked(tmp_path: Path) -> None:
    exe = build("heap_shapes", "1.27.3")
    with running(exe, ["-ask-go"], folder=tmp_path) as program:
        said = program.said
    leaked = {goroutine["goid"] for goroutine in said["goroutines"] if goroutine["leaked"]}
    waiting = {goroutine["goid"] for goroutine in said["goroutines"] if not goroutine["leaked"]}
    assert len(leaked) == 13 * said["n"]
    assert len(waiting) == 15 * said["n"]
    assert leaked <= set(said["go_leaked"])
    assert not waiting & set(said["go_leaked"])
