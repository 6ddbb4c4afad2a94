"""What a walk knows of its heap: the study, what was found, and goroutines that do the same."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from goknot.app.heap.goroutine_groups import GoroutineGroup, goroutine_groups
from goknot.app.heap.report import report_heap

if TYPE_CHECKING:
    from goknot.app.heap.study import HeapStudy
    from goknot.model.report import Report


class Known:
    """A heap and its findings.

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
