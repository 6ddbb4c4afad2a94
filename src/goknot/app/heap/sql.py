"""Questions in SQL over a heap, by DuckDB (the extra `sql`): arrays are handed over as they are, nothing is written."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from goknot.analyses.heap.dominance import NodeKind
from goknot.analyses.heap.verdicts import VERDICT_BY_REASON, Reason
from goknot.app.heap.names import held_words, named_by, node_name, stack_name
from goknot.app.heap.study import HeapStudy
from goknot.errors import UsageError
from goknot.kernels.folding import sum_by, sum_rows
from goknot.model.heap import ObjectState, RootKind
from goknot.model.table import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]

_STATES = np.array([one.name.lower() for one in ObjectState], object)
# table -> what a query that names it sees; object, type, root and goroutine are numbered from 0
TABLES = {
    "objects": "id, address, bytes, type_id, type, state, held_by, ring (null: on none), retained_bytes",
    "edges": 'source, target, field, "offset"',
    "types": "id, name, named_by, objects, bytes (garbage counted)",
    "roots": "id, name, kind, module, goroutine (its id, or null), retained_bytes",
    "root_targets": "root, object",
    "goroutines": "id, goid, status, waits_for, leaked, function, created_by, retained_bytes",
    "rings": "id, objects, bytes, verdict, reason, retained_bytes",
}


def ask(study: HeapStudy, query: str) -> Table:
    """The answer to one SELECT.

    Raises:
        UsageError: DuckDB is not installed, or does not understand the query.
    """
    try:
        import duckdb  # noqa: PLC0415 (an extra)
    except ImportError:
        raise UsageError("--sql needs DuckDB", 'Install it: pip install "goknot[sql]".') from None
    if query != _sayable(query):
        raise UsageError("--sql: the query is not UTF-8")
    connection = duckdb.connect(":memory:")
    try:
        arrays = _arrays(study, query.lower())
        for name, columns in arrays.items():
            connection.register(f"{name}_", columns)
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        for name in TABLES:
            if name in arrays:
                view = _EDGES_WITH_FIELDS if name == "edges" and "fields" in arrays else _VIEW.get(name)
                connection.execute(f"CREATE VIEW {name} AS {view or f'SELECT * FROM {name}_'}")
        result = connection.execute(query)
        if result is None:
            raise UsageError("--sql: there is no query")
        heads = _heads([(str(one[0]), str(one[1])) for one in result.description or ()])
        rows = tuple(tuple(_cell(value) for value in row) for row in result.fetchall())
    except duckdb.Error as error:
        known = "; ".join(f"{name}({columns})" for name, columns in TABLES.items())
        raise UsageError(f"--sql: {str(error).splitlines()[0]}", f"There is {known}.") from None
    finally:
        connection.close()
    return Table("sql", query, tuple(Column(name, _unit(name, kind)) for name, kind in heads), rows)


def _heads(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """(name, type) of each column; a name that comes again gets a number."""
    seen: dict[str, int] = {}
    found = []
    for name, kind in given:
        seen[name] = seen.get(name, 0) + 1
        found.append((name if seen[name] == 1 else f"{name}_{seen[name]}", kind))
    return found


_VIEW = {
    "objects": "SELECT o.* EXCLUDE (ring), t.name AS type, nullif(o.ring, -1) AS ring "
    "FROM objects_ o LEFT JOIN types_ t ON t.id = o.type_id",
    "roots": "SELECT * EXCLUDE (goroutine), nullif(goroutine, -1) AS goroutine FROM roots_",
}
_EDGES_WITH_FIELDS = (
    'SELECT e.source, e.target, f.name AS field, nullif(e."offset", -1) AS "offset" '
    "FROM edges_ e LEFT JOIN fields_ f ON f.id = e.field_id"
)


def _sees_all(query: str) -> bool:
    """Whether a query may show columns that it does not name: by a star, COLUMNS(), or FROM without SELECT."""
    if re.search(r"\bcolumns\b", query) or "*" in re.sub(r"\bcount\s*\(\s*\*\s*\)", "", query):
        return True
    n_select, n_from = (len(re.findall(rf"\b{word}\b", query)) for word in ("select", "from"))
    return n_select == 0 or n_select < n_from


def _names(query: str, table: str) -> bool:
    return re.search(rf"\b{table}\b", query) is not None


def _arrays(study: HeapStudy, query: str) -> dict[str, Columns]:
    """Only what the query can see: sizes kept and fields are costly on large heaps.

    A column that is not made is not there, rather than null: null says that something is not known.
    """
    found: dict[str, Columns] = {}
    makers: dict[str, Callable[[HeapStudy, bool], Columns]] = {
        "objects": _objects,
        "roots": _roots,
        "goroutines": _goroutines,
        "rings": _rings,
    }
    everything = _sees_all(query)
    kept = everything or "retained" in query
    for name, make in makers.items():
        if _names(query, name):
            found[name] = make(study, kept)
    if _names(query, "types") or _names(query, "objects"):
        found["types"] = _types(study)
    if _names(query, "edges"):
        found |= _edges(study, everything or "field" in query or "offset" in query)
    if _names(query, "root_targets"):
        roots = study.graph.roots
        owner = np.repeat(np.arange(study.graph.n_roots, dtype=np.int32), np.diff(roots.target_start))
        found["root_targets"] = {"root": owner, "object": roots.target_object}
    return found


def _texts(values: list[str]) -> NDArray[Any]:
    """Names from a damaged or hostile heap may hold what UTF-8 cannot say: that is spelled out."""
    return np.array([_sayable(one) for one in values], dtype=object)


def _sayable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _kept(study: HeapStudy, kind: NodeKind, count: int, wanted: bool) -> Columns:
    if not wanted:
        return {}
    first = study.tree.node_of(kind)
    nodes = np.arange(first, first + count, dtype=np.int32)
    return {"retained_bytes": study.tree.tree.retained(nodes)}


def _objects(study: HeapStudy, kept: bool) -> Columns:
    graph = study.graph
    tiers = study.holders.tier_by_object
    held = np.array(held_words(), object)
    return {
        "id": np.arange(graph.n_objects, dtype=np.int32),
        "address": graph.addr_by_object,
        "bytes": graph.bytes_by_object,
        "type_id": graph.type_by_object,
        "state": _STATES[graph.state_by_object],
        "held_by": held[tiers],
        "ring": study.verdicts.rings.ring_by_node,
        **_kept(study, NodeKind.OBJECT, graph.n_objects, kept),
    }


def _types(study: HeapStudy) -> Columns:
    graph, names = study.graph, study.heap.type_names
    return {
        "id": np.arange(len(names), dtype=np.int32),
        "name": _texts(list(names)),
        "named_by": _texts(named_by(study)),
        "objects": sum_by(graph.type_by_object, np.ones(graph.n_objects, np.int64), len(names)),
        "bytes": sum_by(graph.type_by_object, graph.bytes_by_object, len(names)),
    }


def _rings(study: HeapStudy, kept: bool) -> Columns:
    rings, reasons = study.verdicts.rings, study.verdicts.reason_by_ring
    verdict, reason = np.full(256, "", object), np.full(256, "", object)
    for one in Reason:
        verdict[one], reason[one] = str(VERDICT_BY_REASON[one]), one.name.lower().replace("_", "-")
    return {
        "id": np.arange(rings.n_rings, dtype=np.int32),
        "objects": np.diff(rings.node_start),
        "bytes": sum_rows(rings.node_start, rings.node, study.graph.bytes_by_object),
        "verdict": verdict[reasons],
        "reason": reason[reasons],
        **({"retained_bytes": study.retained_by_ring} if kept else {}),
    }


def _edges(study: HeapStudy, fields: bool) -> dict[str, Columns]:
    """The pointers, and with `fields` the names of the fields they go through."""
    graph = study.graph
    source = np.repeat(np.arange(graph.n_objects, dtype=np.int32), np.diff(graph.edge_start))
    columns: Columns = {"source": source, "target": graph.edge_target}
    if not fields:
        return {"edges": columns}
    said = study.heap.fields_of(np.arange(graph.n_edges, dtype=np.int64))
    columns |= {"field_id": said.label_by_edge, "offset": said.off_by_edge}
    names: Columns = {"id": np.arange(len(said.names), dtype=np.int32), "name": _texts(list(said.names))}
    return {"edges": columns, "fields": names}


def _roots(study: HeapStudy, kept: bool) -> Columns:
    graph = study.graph
    return {
        "id": np.arange(graph.n_roots, dtype=np.int32),
        "name": _texts([node_name(study, NodeKind.ROOT, one) for one in range(graph.n_roots)]),
        "kind": _texts([RootKind(one).name.lower() for one in graph.roots.kind_by_root.tolist()]),
        "module": _texts([root.module for root in study.heap.roots]),
        "goroutine": graph.roots.goroutine_by_root,
        **_kept(study, NodeKind.ROOT, graph.n_roots, kept),
    }


def _goroutines(study: HeapStudy, kept: bool) -> Columns:
    ones = study.heap.goroutines
    return {
        "id": np.arange(len(ones), dtype=np.int32),
        "goid": study.graph.goroutines.goid_by_goroutine,
        "status": _texts([one.status for one in ones]),
        "waits_for": _texts([one.wait_reason for one in ones]),
        "leaked": ~study.holders.leaked.is_live,
        "function": _texts([stack_name(tuple(frame.function for frame in one.frames)) for one in ones]),
        "created_by": _texts([one.created_at for one in ones]),
        **_kept(study, NodeKind.GOROUTINE, len(ones), kept),
    }


def _cell(value: object) -> Cell:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _unit(name: str, kind: str) -> Any:
    """Numbers stand to the right; addresses stay as they are."""
    if not re.search("INT|DECIMAL|DOUBLE|FLOAT", kind.upper()) or name == "address":
        return ""
    return "bytes" if name.endswith("bytes") else "count"
