"""Module graphs and rings of real projects: read from go.mod files alone, and compared.

    python bench/module_rings.py [PROJECT...]

    --no-download   prove only what is in the module cache
    --go            compare the proofs with `go list` (a minute or two)

For each project of bench/projects.py: the requirements equal `go mod graph` line by line, the selected versions equal
`go list -m all`, and the sizes of the rings in the three views equal what a naive search over that text gives. Then the
edges of the rings are proven against the modules' source (only modules on rings are downloaded for that), with the time
that takes and the rings that are left when only imports of ordinary builds count. Exit code 1 if anything differs.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from projects import DATA, ENVIRONMENT, NAMES, download, fetch

from goknot.formats.semver import module_key
from goknot.inputs.modules import ImportKind, ModuleScan, Proof, View, load

Edges = set[tuple[str, str]]


def main() -> int:
    arguments = [name for name in sys.argv[1:] if not name.startswith("--")]
    worst = 0
    for name in arguments or NAMES:
        worst |= check(name, prepared(name))
    return worst


def check(name: str, folder: Path) -> int:
    environment = {**ENVIRONMENT, "GOWORK": "", "GOFLAGS": "" if (folder / "go.work").exists() else "-mod=mod"}
    said = set(go(["mod", "graph"], folder, environment).splitlines())
    began = time.perf_counter()
    scan = load(folder, environment=environment)
    seconds = time.perf_counter() - began
    mine = {f"{source} {target}" for source, target in scan.requirements}
    same = mine == said and scan.complete
    print(f"{name}: {len(said)} requirements, {'equal' if same else 'DIFFERENT'}, {seconds:.2f} s")
    for line in sorted(mine ^ said)[:10]:
        print(f"    {'only here' if line in mine else 'only Go'}: {line}")
    same &= check_selected(scan, folder, environment)
    for view, edges in naive_views(said).items():
        expected, found = naive_sizes(edges), naive_sizes(named_edges(scan, view))
        same &= expected == found and edges == named_edges(scan, view)
        print(
            f"    {view:8} rings {shown(found):24} {'equal' if expected == found else f'DIFFERENT: {shown(expected)}'}"
        )
    return 0 if prove(scan) and same else 1


def check_selected(scan: ModuleScan, folder: Path, environment: dict[str, str]) -> bool:
    """In a workspace `go list -m all` leaves out what no package needs, so it must be part of what is selected."""
    lines = go(["list", "-m", "-f", "{{.Path}} {{.Version}}", "all"], folder, environment).splitlines()
    said = {(path, version) for path, _, version in (line.partition(" ") for line in lines)}
    mine = {(path, version) for path, version in scan.selected.items() if path not in {"go", "toolchain"}}
    fine = said <= mine if (folder / "go.work").exists() else said == mine
    print(f"    {len(said)} selected versions, {'equal' if fine else f'DIFFERENT: {sorted(said ^ mine)[:5]}'}")
    return fine


def prove(scan: ModuleScan) -> bool:
    view = scan.view(View.SELECTED)
    on_rings = [edge for ring in naive_rings(set(view.requirements)) for edge in ring]
    modules = {str(view.modules[source]) for source, _ in on_rings if view.modules[source].version}
    if "--no-download" not in sys.argv:
        download(sorted(modules))
    times = []
    for _ in range(3):
        began = time.perf_counter()
        proofs = scan.prove(on_rings)
        times.append(time.perf_counter() - began)
    counts = Counter(proof.kind for proof in proofs.values())
    words = ", ".join(f"{counts[kind]} {kind}" for kind in ImportKind if counts[kind])
    left = {edge for edge, proof in proofs.items() if proof.couples}
    sizes = naive_sizes({(str(a), str(b)) for a, b in left})
    print(f"    proof: {len(on_rings)} edges of {len(modules)} modules in {min(times):.2f} s (first {times[0]:.2f} s)")
    print(f"    proof: {words}; rings of what builds: {shown(sizes)}")
    for (source, target), proof in sorted(proofs.items()):
        if proof.kind is ImportKind.UNKNOWN:
            print(f"        unknown: {view.modules[source]} -> {view.modules[target]}: {proof.note}")
    return "--go" not in sys.argv or as_go_lists(scan, proofs)


def as_go_lists(scan: ModuleScan, proofs: Mapping[tuple[int, int], Proof]) -> bool:
    """Whether Go, asked on this platform about copies of the modules under GOPATH, sees the same imports.

    It may see fewer: those of other platforms.
    """
    modules = scan.view(View.SELECTED).modules
    fine = True
    for node in sorted({source for source, _ in proofs}):
        module = modules[node]
        folder = Path(go(["env", "GOMODCACHE"], DATA, ENVIRONMENT).strip()) / f"{escaped(module.path)}@{module.version}"
        if not module.version or not folder.is_dir():
            continue
        production, tests = listed(module.path, folder, scan.selected)
        for (source, target), proof in proofs.items():
            if source != node or proof.kind is ImportKind.UNKNOWN:
                continue
            path = modules[target].path
            expected = "production" if path in production else "test-only" if path in tests else "not-imported"
            if expected != proof.kind and not (proof.optional or proof.note.startswith("only in some builds")):
                print(f"        DIFFERENT: {module} -> {path}: {proof.kind}, go list: {expected}")
                fine = False
    print(f"    proof: {'equal' if fine else 'DIFFERENT'} to go list")
    return fine


def listed(path: str, folder: Path, modules: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """Modules whose packages are imported by packages, and by tests."""
    with tempfile.TemporaryDirectory() as gopath:
        copy = Path(gopath) / "src" / path
        for current, folders, files in os.walk(folder):
            if Path(current) != folder and "go.mod" in files:
                folders.clear()
                continue
            target = copy / Path(current).relative_to(folder)
            target.mkdir(parents=True)
            for name in files:
                if name.endswith(".go"):
                    shutil.copyfile(Path(current) / name, target / name)
        environment = {**ENVIRONMENT, "GO111MODULE": "off", "GOPATH": gopath, "GOFLAGS": ""}
        text = go(["list", "-e", "-json=Imports,TestImports,XTestImports", "./..."], copy, environment).strip()
    production: set[str] = set()
    tests: set[str] = set()
    decoder = json.JSONDecoder()
    while text:
        entry, end = decoder.raw_decode(text)
        text = text[end:].strip()
        production |= {owner(name, modules) for name in entry.get("Imports") or ()}
        tests |= {owner(name, modules) for key in ("TestImports", "XTestImports") for name in entry.get(key) or ()}
    return production, tests


def owner(name: str, modules: Mapping[str, str]) -> str:
    while name and name not in modules:
        name = name.rpartition("/")[0]
    return name


def escaped(path: str) -> str:
    return "".join(f"!{c.lower()}" if c.isupper() else c for c in path)


def prepared(name: str) -> Path:
    """A project's folder; etcd's go.mod points beside itself, where nothing is in its zip, so that is dropped."""
    folder = fetch(name)
    if name != "etcd-server":
        return folder
    target = DATA / "module-rings" / name
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(folder, target)
        text = (target / "go.mod").read_text().replace("replace (", "// replaced (")
        lines = [f"// {line}" if "=>" in line else line for line in text.splitlines()]
        begin = next(i for i, line in enumerate(lines) if line.startswith("// replaced ("))
        end = next(i for i in range(begin, len(lines)) if lines[i] == ")")
        lines[end] = "// )"
        (target / "go.mod").write_text("\n".join(lines) + "\n")
    return target


def go(arguments: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(["go", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"go {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def naive_views(lines: Iterable[str]) -> dict[View, Edges]:
    """The three views, straight from the text."""
    pairs = [tuple(line.split()) for line in lines]
    pairs = [pair for pair in pairs if not any(word.partition("@")[0] in {"go", "toolchain"} for word in pair)]
    versions: dict[str, set[str]] = {}
    for pair in pairs:
        for word in pair:
            path, _, version = word.partition("@")
            versions.setdefault(path, set()).add(version)
    selected = {path: max(found, key=lambda v: module_key(path, v)) for path, found in versions.items()}
    by_path = {(a.partition("@")[0], b.partition("@")[0]) for a, b in pairs}
    of_selected = {
        (a.partition("@")[0], b.partition("@")[0])
        for a, b in pairs
        if a.partition("@")[2] == selected[a.partition("@")[0]]
    }
    return {
        View.EXACT: {(a, b) for a, b in pairs},
        View.SELECTED: {(a, b) for a, b in of_selected if a != b},
        View.PATH: {(a, b) for a, b in by_path if a != b},
    }


def named_edges(scan: ModuleScan, view: View) -> Edges:
    graph = scan.graph(view)
    return {(graph.names[source], graph.names[target]) for source, target in graph.edges()}


def naive_rings(edges: set[tuple[Any, Any]]) -> list[list[tuple[Any, Any]]]:
    """Edges grouped by ring: an edge lies on one if its source can be reached from its target."""
    successors: dict[Any, set[Any]] = {}
    for source, target in edges:
        successors.setdefault(source, set()).add(target)
    reach = {node: reached(node, successors) for node in successors}
    rings: dict[frozenset[Any], list[tuple[Any, Any]]] = {}
    for source, target in sorted(edges):
        if source in reach.get(target, ()):
            members = frozenset(node for node in reach[source] if source in reach.get(node, ()))
            rings.setdefault(members, []).append((source, target))
    return list(rings.values())


def reached(start: Any, successors: dict[Any, set[Any]]) -> set[Any]:
    found: set[Any] = set()
    stack = [start]
    while stack:
        for node in successors.get(stack.pop(), ()):
            if node not in found:
                found.add(node)
                stack.append(node)
    return found


def naive_sizes(edges: Edges) -> list[int]:
    return sorted((len({node for edge in ring for node in edge}) for ring in naive_rings(edges)), reverse=True)


def shown(sizes: list[int]) -> str:
    return ", ".join(map(str, sizes)) or "none"


if __name__ == "__main__":
    os.environ.pop("GOWORK", None)
    sys.exit(main())
