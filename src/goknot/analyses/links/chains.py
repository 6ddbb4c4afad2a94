"""The evidence chain of a knot: from the module down to the object, by what each level knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from goknot.analyses.links.names import Names
from goknot.model.chain import ChainStep
from goknot.model.knot import Knot, KnotEdge
from goknot.model.verdict import Level

_MAX_EACH = 6  # steps of one level
_MIN_LEVELS = 3


def chain_of(knot: Knot, partners: Sequence[Knot], names: Names) -> tuple[ChainStep, ...]:
    """The levels a knot lives on; empty if there is little more than its own.

    Args:
        knot: The knot.
        partners: The knots it is linked with.
        names: What names mean.
    """
    knots = [knot, *partners]
    types = sorted({one for each in knots for one in names.of_knot(each)})
    declared = {name: place for name in types if (place := _declared(name, knots, names))}
    packages = [names.package(name) for name in types if name.startswith("./")]
    packages += [package for each in knots for package in names.function_packages(each)]
    packages += [node.name for each in knots for node in each.nodes if node.kind == "package"]
    steps = [
        *_modules(packages, knots, names),
        *_types(types, declared),
        *_fields(knots),
        *_statements(knots),
        *_plugins(knots, names),
        *_holders(knots),
        *_objects(knots),
    ]
    chain = tuple(dict.fromkeys(steps))
    return chain if partners or len({step.level for step in chain}) >= _MIN_LEVELS else ()


def _declared(name: str, knots: Sequence[Knot], names: Names) -> tuple[str, int]:
    found = names.declared(name)
    if found is not None:
        return found.file, found.line
    for knot in knots:
        for node in knot.nodes:
            if node.file and node.line and knot.heap is None and names.of_source(node) == name:
                return node.file, node.line
    return ("", 0)


def _modules(packages: Sequence[str], knots: Sequence[Knot], names: Names) -> Iterator[ChainStep]:
    folders = [node.name for knot in knots for node in knot.nodes if node.kind == "folder"]
    plugins = [node.name for knot in knots for node in knot.nodes if node.kind == "plugin"]
    versions = _versions(knots)
    for module in dict.fromkeys((*names.modules, *versions)):
        own = any(package == module or package.startswith(f"{module}/") for package in [*packages, *plugins])
        if own or (folders and names.modules == (module,)):
            yield ChainStep("module", versions.get(module, module))
    for package in list(dict.fromkeys(packages))[:_MAX_EACH]:
        yield ChainStep("package", package)
    for folder in folders[:_MAX_EACH]:
        yield ChainStep("folder", folder)


def _versions(knots: Sequence[Knot]) -> dict[str, str]:
    """Module -> `module@version`, as the files of goroutines' stacks tell: those of the module cache have it."""
    found: dict[str, str] = {}
    for knot in knots:
        for edge in knot.edges if knot.heap is not None and knot.level is Level.GOROUTINE else ():
            for seen in edge.evidence[:1]:
                module, at, rest = seen.file.partition("@")
                if at and not module.startswith("/"):
                    found[module] = f"{module}@{rest.partition('/')[0]}"
    return found


def _types(types: Sequence[str], declared: dict[str, tuple[str, int]]) -> Iterator[ChainStep]:
    own = [name for name in types if name.startswith("./")] or list(types)
    for name in own[:_MAX_EACH]:
        file, line = declared.get(name, ("", 0))
        yield ChainStep("type", name.removeprefix("./").removeprefix("."), file, line)


def _fields(knots: Sequence[Knot]) -> Iterator[ChainStep]:
    for knot in knots:
        if knot.kind != "type-ring":
            continue
        for edge in knot.edges[:_MAX_EACH]:
            owner = knot.nodes[edge.source].name.rpartition("/")[2]
            at = f" @{edge.offset}" if edge.offset >= 0 else ""
            seen = edge.evidence[0] if edge.evidence else None
            place = (seen.file, seen.line) if seen else ("", 0)
            yield ChainStep("field", f"{owner}.{edge.field}{at}" if edge.field else owner, *place)


def _statements(knots: Sequence[Knot]) -> Iterator[ChainStep]:
    for knot in knots:
        if knot.heap is not None or knot.kind == "type-ring":
            continue
        steps = [
            ChainStep("statement", _said(edge), seen.file, seen.line, seen.text)
            for edge in knot.edges[:_MAX_EACH]
            for seen in edge.evidence[:1]
        ]
        started = [node for node in knot.nodes[:_MAX_EACH] if node.kind == "goroutine" and node.line]
        steps += [ChainStep("statement", "go", node.file, node.line) for node in started]
        told = {(step.file, step.line) for step in steps}
        if knot.where is not None and knot.where.line and (knot.where.file, knot.where.line) not in told:
            steps.append(ChainStep("statement", knot.kind, knot.where.file, knot.where.line))
        yield from sorted(steps, key=lambda step: (step.file, step.line)) if started else steps


def _said(edge: KnotEdge) -> str:
    name = edge.field or edge.kind
    return f"{name}: {edge.note}" if edge.note else name


def _plugins(knots: Sequence[Knot], names: Names) -> Iterator[ChainStep]:
    """Plugins that are members, and those whose variables hold one."""
    for knot in knots:
        for node in knot.nodes:
            if node.kind == "plugin":
                state = names.plugins.get(node.name, "")
                yield ChainStep("plugin", node.name, note=f"{state} in the process that was read" if state else "")
        path = knot.heap.path_to_root if knot.heap is not None else ()
        for name in names.plugins:
            if path and path[0].name.startswith(f"variable {name}."):
                yield ChainStep("plugin", name, note="never unloaded")


def _holders(knots: Sequence[Knot]) -> Iterator[ChainStep]:
    for knot in knots:
        if knot.heap is not None and knot.heap.path_to_root and knot.heap.path_to_root[0].kind != "object":
            yield ChainStep("root", knot.heap.path_to_root[0].name)


def _objects(knots: Sequence[Knot]) -> Iterator[ChainStep]:
    for knot in knots:
        size = knot.heap
        if size is None:
            continue
        is_goroutine = knot.level is Level.GOROUTINE
        name = knot.nodes[0].name if is_goroutine or not size.example else size.example[0].name
        what = "goroutine" if is_goroutine else "instance"
        note = f"{size.instances:,} {what}{'' if size.instances == 1 else 's'}, {size.retained_bytes:,} bytes kept"
        yield ChainStep("goroutine" if is_goroutine else "object", name, note=note)
