"""goknot must find no ring in goknot: its own ring search over its own imports.

import-linter does not see a ring between a package's `__init__` and a module inside it; this does.
"""

from __future__ import annotations

import ast
from pathlib import Path

import goknot
from goknot.analyses.rings import find_rings
from goknot.model.graph import Graph

ROOT = Path(goknot.__file__).parent


def own_imports() -> dict[str, set[str]]:
    """Module -> the goknot modules it imports when it is itself imported (not inside functions)."""
    files = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("goknot", *path.relative_to(ROOT).with_suffix("").parts)
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return {module: imported(path, files) - {module} for module, path in files.items()}


def imported(path: Path, modules: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in modules else node.module for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name in modules}


def test_no_ring_in_our_own_house():
    imports = own_imports()
    names = sorted(imports)
    assert len(names) > 20
    index = {name: i for i, name in enumerate(names)}
    graph = Graph.from_edges(names, [(index[a], index[b]) for a in names for b in imports[a]])
    assert graph.n_edges > 50
    rings = find_rings(graph)
    assert not rings, [[names[n] for n in ring.nodes] for ring in rings]
