"""The use case behind `goknot report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from goknot.analyses.links import join
from goknot.errors import UsageError
from goknot.inputs.reportfile import read_any
from goknot.inputs.source import DiskTree, SourceOptions, scan_source
from goknot.inputs.source.cachefile import cache_folder
from goknot.inputs.source.types.graph import read_types
from goknot.model.escape import MadeReport
from goknot.model.report import Report


def join_files(files: Sequence[Path], source: Path | None = None) -> Report:
    """One report of several files.

    Args:
        files: Reports as JSON, and escape reports.
        source: A module or workspace whose declarations name the places of types and fields; None: none is at hand.

    Raises:
        GoknotError: A file is no report, or the source cannot be read.
    """
    if not files:
        raise UsageError("no report is named", "Make reports with --format json and name their files.")
    read = [read_any(file) for file in files]
    reports = [one for one in read if isinstance(one, Report)]
    escapes = [one for one in read if isinstance(one, MadeReport)]
    if not reports:
        raise UsageError("escape reports alone have no knots", "Name a report of scan, leaks, types or heap as well.")
    if source is None:
        return join(reports, escapes=escapes)
    from goknot.app.scan import matrix_of  # noqa: PLC0415 (only with source)
    from goknot.app.types import go_places  # noqa: PLC0415 (only with source)

    scan = scan_source(DiskTree(source), SourceOptions.from_environment())
    joined = join(reports, read_types(scan, go_places(), cache_folder()).graph, escapes)
    return joined if joined.matrix is not None else replace(joined, matrix=matrix_of(scan))
