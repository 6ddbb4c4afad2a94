"""From a stop to its page."""

from __future__ import annotations

from collections.abc import Callable

from goknot.app.heap.walk import lists, things
from goknot.app.heap.walk.known import Known
from goknot.app.heap.walk.object_page import object_
from goknot.app.heap.walk.page import Page, Place, Stop
from goknot.reports.pen import Pen
from goknot.reports.view import View


class Walk(Known):
    """A heap, page by page."""

    def page(self, stop: Stop, view: View) -> Page:
        """What there is to see at a stop, for a terminal of this width.

        Raises:
            UsageError: An address is searched for, and no object lies there.
        """
        return _MAKERS[stop.place](self, stop, Pen(view))


_MAKERS: dict[Place, Callable[[Known, Stop, Pen], Page]] = {
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
