"""What the page of a heap shows beyond its knots."""

from __future__ import annotations

from dataclasses import replace

from goknot.app.heap.goroutine_groups import goroutine_sizes
from goknot.app.heap.kept import kept_tree
from goknot.app.heap.study import HeapStudy
from goknot.model.report import Report


def with_pictures(report: Report, study: HeapStudy) -> Report:
    """The report with who keeps what, and with all goroutines."""
    return replace(report, kept=kept_tree(study), goroutines=goroutine_sizes(study))
