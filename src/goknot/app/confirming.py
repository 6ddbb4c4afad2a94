"""Has go/types look at what `goknot leaks` found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goknot.analyses.confirmation import ask, confirm, counts
from goknot.inputs.confirm import Limits, Tree, ask_go
from goknot.inputs.source import SourceScan
from goknot.inputs.source.cachefile import cache_folder
from goknot.model.confirmation import AnswerState
from goknot.model.knot import Knot
from goknot.model.report import Problem

SECONDS = 300


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """How go/types is asked.

    Attributes:
        seconds: How long Go may take.
        compile_cgo: Whether dependencies are compiled with cgo.
    """

    seconds: float = SECONDS
    compile_cgo: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Findings with what go/types says of them.

    Attributes:
        knots: In the order given.
        go: The Go that was asked; empty if none could be.
        n_by_state: How many findings were confirmed, refuted or left open; empty if there was no Go.
        problems: What could not be asked.
    """

    knots: list[Knot]
    go: str
    n_by_state: dict[str, int]
    problems: tuple[Problem, ...]


def confirm_knots(knots: Sequence[Knot], source: SourceScan, path: Path, request: ConfirmRequest) -> Confirmed:
    """Asks about every finding that is more than a note.

    Args:
        knots: What was found.
        source: The scan they come from.
        path: What was scanned.
        request: How to ask.
    """
    root = path.resolve()
    asked = [ask(knot) for knot in knots]
    if not any(asked):
        return Confirmed(list(knots), "", {}, ())
    options = source.options
    tree = Tree(
        root=root,
        module_folders=tuple(Path(os.path.normpath(root / module.folder)) for module in source.modules),
        goos=options.goos,
        goarch=options.goarch,
        cgo=options.cgo,
        tags=options.tags,
        mod=options.mod,
    )
    limits = Limits(request.seconds, cache_folder(), request.compile_cgo)
    answers = ask_go(tree, [one.all() if one is not None else [] for one in asked], limits)
    if not answers.go:
        return Confirmed(list(knots), "", {}, answers.problems)
    found: list[Knot] = []
    states: list[AnswerState] = []
    for knot, one in zip(knots, asked, strict=True):
        if one is None:
            found.append(knot)
            continue
        told, state = confirm(knot, one, answers.by_question, answers.go)
        found.append(told)
        states.append(state)
    return Confirmed(found, answers.go, counts(states), answers.problems)
