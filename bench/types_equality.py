"""Compares the type graph with go/types: `python bench/types_equality.py MODULE_FOLDER...`.

The oracle (tests/go/types_oracle) lists and checks the packages of the module and all they depend on; bodies of
functions are left out. Printed: types, edges (precision, recall), implementers, offsets and sizes, seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from goknot.app.types import go_places
from goknot.inputs.source import DiskTree, SourceOptions, scan_source
from goknot.inputs.source.types.graph import read_types
from goknot.model.gotypes import TypeGraph

ORACLE = Path(__file__).parent.parent / "tests" / "go" / "types_oracle"


@dataclass
class Facts:
    """What one side says."""

    layouts: dict[str, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    edges: set[tuple[str, str, str, str]] = field(default_factory=set)
    implements: set[tuple[str, str]] = field(default_factory=set)


def oracle_facts(lines: Iterator[str]) -> Facts:
    facts = Facts()
    for line in lines:
        kind, *rest = json.loads(line)
        if kind == "type":
            facts.layouts[rest[0]] = (rest[1], tuple(rest[2] or ()))
        elif kind == "edge":
            facts.edges.add(tuple(rest))
        else:
            facts.implements.add(tuple(rest))
    return facts


def own_facts(graph: TypeGraph) -> Facts:
    """Instances of generic types count as their origins."""
    facts = Facts()
    origin = [one.name.partition("[")[0] for one in graph.types]
    for one in graph.types:
        if "[" not in one.name and one.asked_for:
            facts.layouts[one.name] = (one.size, tuple(f.offset for f in one.fields))
    for edge in graph.edges:
        source, target = graph.types[edge.source], graph.types[edge.target]
        if "[" in source.name or not source.asked_for or not target.asked_for:
            continue
        if edge.kind == "interface":
            facts.implements.add((source.name, target.name))
        else:
            facts.edges.add((source.name, origin[edge.target], edge.field, edge.kind))
    return facts


def run_oracle(folder: Path, go: str = "go", env: dict[str, str] | None = None) -> Facts:
    with tempfile.TemporaryDirectory() as scratch:
        exe = Path(scratch) / "oracle"
        subprocess.run([go, "build", "-o", exe, "."], cwd=ORACLE, check=True, env=env)
        # the same configuration as the scan's: no cgo, exactly this module
        settings = {**(env or os.environ), "GOWORK": "off", "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod"}
        done = subprocess.run([exe, str(folder)], check=True, capture_output=True, text=True, env=settings)
    return oracle_facts(iter(done.stdout.splitlines()))


def ratio(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "-"


def wrong_layouts(own: Facts, oracle: Facts) -> tuple[list[str], int]:
    """Names whose size or a known offset differs, and how many sizes are not known."""
    wrong, unknown = [], 0
    for name, (size, offsets) in oracle.layouts.items():
        if size < 0 or name not in own.layouts:
            continue
        own_size, own_offsets = own.layouts[name]
        unknown += own_size < 0
        differs = any(mine not in (-1, theirs) for mine, theirs in zip(own_offsets, offsets, strict=False))
        if own_size not in (-1, size) or differs or len(own_offsets) != len(offsets):
            wrong.append(name)
    return wrong, unknown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--show", type=int, default=0, help="print that many differences of each kind")
    given = parser.parse_args()
    for folder in given.folders:
        started = time.perf_counter()
        scan = scan_source(DiskTree(folder), SourceOptions.from_environment(goarch="amd64", cgo=False))
        read = read_types(scan, go_places())
        seconds = time.perf_counter() - started
        own, oracle = own_facts(read.graph), run_oracle(folder)
        wrong, unknown = wrong_layouts(own, oracle)
        print(f"{folder.name}: {read.n_bytes / 1e6:.1f} MB in {seconds:.2f} s, {read.n_bytes / 1e6 / seconds:.1f} MB/s")
        both = own.layouts.keys() & oracle.layouts.keys()
        print(f"  types {len(own.layouts)} / {len(oracle.layouts)}, common {len(both)}")
        pairs = ("edges", own.edges, oracle.edges), ("implements", own.implements, oracle.implements)
        for what, mine, theirs in pairs:
            common = len(mine & theirs)
            good = f"precision {ratio(common, len(mine))}, recall {ratio(common, len(theirs))}"
            print(f"  {what} {len(mine)} / {len(theirs)}: {good}")
            for label, some in (("false", mine - theirs), ("missing", theirs - mine)):
                for one in sorted(some)[: given.show]:
                    print(f"    {label} {one}")
        print(f"  layouts: {len(wrong)} wrong, {unknown} of {len(oracle.layouts)} unknown")
        for name in wrong[: given.show]:
            print(f"    {name} {own.layouts[name]} {oracle.layouts[name]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
