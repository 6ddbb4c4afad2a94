"""Compares goknot's packages, files and imports with `go list -e -json` on real projects: all must be equal.

    python bench/imports_equality.py [PROJECT|FOLDER...]

Without arguments: every project of bench/projects.py and the Go toolchain's own std. Exit code 1 if anything differs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from projects import NAMES, fetch

from goknot.inputs.source import DiskTree, SourceOptions, scan_source
from goknot.inputs.source.verify import verify


def main() -> int:
    wanted = sys.argv[1:] or [*NAMES, "std"]
    print(
        f"{'project':22} {'packages':>8} {'files':>7} {'imports':>8} {'edges':>7} {'false':>6} {'missing':>7}  problems"
    )
    worst = 0
    for name in wanted:
        folder = Path(name) if Path(name).is_dir() else _folder(name)
        scan = scan_source(DiskTree(folder), SourceOptions.from_environment())
        n_imports = sum(len(p.imports) + len(p.test_imports) + len(p.xtest_imports) for p in scan.packages)
        differences = verify(scan)
        n_false = sum(len(d.extra) for d in differences)
        n_missing = sum(len(d.missing) for d in differences)
        print(
            f"{name:22} {len(scan.packages):8} {scan.n_files:7} {n_imports:8} {scan.production_graph().n_edges:7}"
            f" {n_false:6} {n_missing:7}  {len(scan.problems)}"
        )
        for difference in differences[:20]:
            print(f"    {difference}")
        worst |= bool(differences)
    return worst


def _folder(name: str) -> Path:
    if name == "std":
        return Path(subprocess.check_output(["go", "env", "GOROOT"], text=True).strip()) / "src"
    return fetch(name)


if __name__ == "__main__":
    sys.exit(main())
