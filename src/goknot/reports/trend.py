"""A trend as a table and as JSON."""

from __future__ import annotations

import json

from goknot.model.trend import TREND_SCHEMA, Trend, TrendPoint

_HEAD = ("date", "revision", "packages", "imports", "import rings", "folders in rings", "imports to cut", "proof")


def as_json(trend: Trend) -> str:
    """The trend as one JSON document, oldest point first."""
    document = {
        "schema": TREND_SCHEMA,
        "path": trend.path,
        "folders": trend.folders,
        "points": [_point(point) for point in trend.points],
        "problems": [{"where": p.where, "what": p.what, "effect": p.effect} for p in trend.problems],
    }
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _point(point: TrendPoint) -> dict[str, object]:
    return {
        "revision": point.revision,
        "label": point.label,
        "date": point.date,
        "packages": point.n_packages,
        "imports": point.n_imports,
        "import_rings": point.n_import_rings,
        "folders": point.n_folders,
        "folder_rings": point.n_folder_rings,
        "folders_in_rings": point.n_folders_in_rings,
        "cut": point.cut,
        "lower_bound": point.lower_bound,
        "added": [{"from": source, "to": target} for source, target in point.added],
    }


def as_table(trend: Trend) -> str:
    """The trend as a table for a terminal, the edges that tied new folder rings below it."""
    rows = [_HEAD, *(_row(point) for point in trend.points)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(_align(cell, widths[i], left=i < 2) for i, cell in enumerate(row)).rstrip() for row in rows]
    lines.insert(1, "  ".join("─" * width for width in widths))
    for point in trend.points:
        if point.added:
            lines += ["", f"{point.label} tied"]
            lines += [f"  {source} → {target}" for source, target in point.added[:_MOST_ADDED]]
            if len(point.added) > _MOST_ADDED:
                lines.append(f"  and {len(point.added) - _MOST_ADDED} more (--format json has them all)")
    lines += [f"problem: {p.where}: {p.what} ({p.effect})" for p in trend.problems]
    first, last = trend.points[0], trend.points[-1]
    lines += ["", _summary(first, last, trend.folders)]
    return "\n".join(lines) + "\n"


_MOST_ADDED = 8


def _row(point: TrendPoint) -> tuple[str, ...]:
    proven = "minimal" if point.lower_bound == point.cut else f">= {point.lower_bound}"
    in_rings = f"{point.n_folders_in_rings} of {point.n_folders}"
    counts = (point.n_packages, point.n_imports, point.n_import_rings)
    return (point.date[:10], point.label, *map(str, counts), in_rings, str(point.cut), proven)


def _align(cell: str, width: int, *, left: bool) -> str:
    return cell.ljust(width) if left else cell.rjust(width)


def _summary(first: TrendPoint, last: TrendPoint, folders: int) -> str:
    change = f"stayed at {last.cut}" if first.cut == last.cut else f"went from {first.cut} to {last.cut}"
    return f"Imports to cut between folders at depth {folders} {change} from {first.label} to {last.label}."
