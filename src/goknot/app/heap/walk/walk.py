"""From a stop to its page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from goknot.app.heap.goroutine_groups import GoroutineGroup, goroutine_groups
from goknot.app.heap.report import report_heap
from goknot.app.heap.walk import lists, things
from goknot.app.heap.walk.object_page import object_
from goknot.app.heap.walk.page import Page, Place, Stop
from goknot.reports.pen import Pen
from goknot.reports.view import View

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy
    from goknot.model.report import Report


class Walk:
    """A heap, page by page.

    Args:
        study: The heap.
        report: What was found in it; None: it is worked out when first asked for.
    """

    def __init__(self, study: HeapStudy, report: Report | None = None) -> None:
        self.study = study
        self._report = report

    @cached_property
    def report(self) -> Report:
        """What was found."""
        return self._report if self._report is not None else report_heap(self.study)

    @cached_property
    def groups(self) -> tuple[GoroutineGroup, ...]:
        """Goroutines that do the same."""
        return goroutine_groups(self.study)

    def page(self, stop: Stop, view: View) -> Page:
        """What there is to see at a stop, for a terminal of this width.

        Raises:
            UsageError: An address is searched for, and no object lies there.
        """
        return _MAKERS[stop.place](self, stop, Pen(view))


_MAKERS: dict[Place, Callable[[Walk, Stop, Pen], Page]] = {
    Place.KNOTS: lists.knots,
    Place.TYPES: lists.types,
    Place.GOROUTINES: lists.goroutines,
    Place.ROOTS: lists.roots,
    Place.SEARCH: lists.search,
    Place.KNOT: things.knot,
    Place.TYPE: things.type_,
    Place.OBJECT: object_,
    Place.STACK: things.stack,
    Place.GOROUTINE: things.goroutine,
    Place.ROOT: things.root,
}
