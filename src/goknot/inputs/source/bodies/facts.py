"""From a run's objects to the facts that detectors see."""

from __future__ import annotations

from goknot.inputs.source.bodies.ir import Func
from goknot.inputs.source.bodies.machine import OPAQUE, Machine, Obj, Ref, Where
from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.trail import Freezer
from goknot.model.leakfacts import Context, FunctionFacts, LeakEdge, LeakEvent, LeakNode, Spot

_NAMED = frozenset({"new", "param", "loaded", "result"})


def facts_of(program: Program, func: Func, machine: Machine) -> FunctionFacts:
    """The facts of one run."""
    maker = _Maker(program, machine)
    edges = maker.edges()
    outside = maker.outside(edges)
    nodes = tuple(maker.node(obj, obj.id in outside) for obj in machine.objects)
    return FunctionFacts(
        name=func.name,
        package=func.package,
        spot=Spot(func.file, *func.pos),
        nodes=nodes,
        edges=edges,
        events=tuple(maker.events()),
        self_pointers=maker.self_pointers,
        bounded=machine.bounded,
        process=Freezer(machine, maker.context).process(),
    )


class _Maker:
    def __init__(self, program: Program, machine: Machine) -> None:
        self.program = program
        self.machine = machine
        self.self_pointers: dict[int, tuple[str, Spot]] = {}
        self.spots: dict[int, tuple[Spot, ...]] = {}  # by the identity of calls that the machine keeps

    def context(self, where: Where) -> Context:
        func, calls = where.func, where.calls
        spots = self.spots.get(id(calls))
        if spots is None:
            spots = self.spots[id(calls)] = tuple(Spot(*site) for site in calls)
        return Context(
            Spot(*where.site),
            where.branch,
            spots,
            func.name,
            Spot(func.file, *func.pos),
            func.receiver is not None,
            where.loop,
        )

    def edges(self) -> tuple[LeakEdge, ...]:
        found = []
        for obj in self.machine.objects:
            for path, held in obj.edges.items():
                for ref, how in held.items():
                    if ref.obj == obj.id:
                        self.self_pointers.setdefault(obj.id, (path, self.context(how.where).spot))
                        if not obj.where.loop:
                            continue
                    found.append(LeakEdge(obj.id, ref.obj, how.kind, path, self.context(how.where), how.order))
            for name, cell in obj.cells.items():
                for ref in cell.value.refs:
                    if ref.obj != obj.id:
                        where = self.context(obj.where)
                        sure = len(cell.value.refs) == 1
                        found.append(LeakEdge(obj.id, ref.obj, "capture", name, where, 0, sure))
        return tuple(found)

    def outside(self, edges: tuple[LeakEdge, ...]) -> set[int]:
        """Objects that something outside the function may lead to."""
        machine = self.machine
        found = {obj.id for obj in machine.objects if obj.kind in OPAQUE}
        found.update(machine.escaped)
        found.update(ref.obj for event in machine.events if event.kind == "returned" for ref in event.subjects)
        below: dict[int, list[int]] = {}
        for edge in edges:
            below.setdefault(edge.source, []).append(edge.target)
        stack = list(found)
        while stack:
            for target in below.get(stack.pop(), ()):
                if target not in found:
                    found.add(target)
                    stack.append(target)
        return found

    def node(self, obj: Obj, outside: bool) -> LeakNode:
        func = obj.where.func
        given = obj.type
        named = given.elem if given is not None and given.kind == "ptr" else given
        type_key = f"{self._key(named.package)}.{named.name}" if named is not None and named.kind == "named" else ""
        name, key = self._name(obj, func), type_key
        if obj.kind not in _NAMED or not type_key:
            key = f"{self._key(func.package)}.{func.name}:{obj.kind}:{obj.detail or name}"
        place = self.program.place_of_type(given)
        return LeakNode(
            kind=obj.kind,
            name=name,
            key=key,
            type_key=type_key,
            where=self.context(obj.where),
            size=obj.size,
            detail=obj.detail,
            aims_at=tuple(ref.obj for ref in obj.receiver) if obj.kind in {"weak", "context"} else (),
            type_spot=Spot(*place, 1) if place[1] else None,
            outside=outside,
            ran=obj.ran,
        )

    def _key(self, package: str) -> str:
        found = self.program.package(package)
        return found.key if found is not None else package

    def _name(self, obj: Obj, func: Func) -> str:  # noqa: PLR0911 (one line a kind)
        if obj.kind == "closure":
            return f"closure in {func.name}"
        if obj.kind == "method-value":
            return f"method value {obj.detail}"
        if obj.kind in {"function", "global"}:
            return obj.detail
        if obj.kind in {"goroutine", "timer", "handle", "cancel", "context", "weak", "stop", "cleanup"}:
            return f"{obj.kind} of {func.name}"
        given = obj.type
        given = given.elem if given is not None and given.kind == "ptr" else given
        if given is None:
            return f"{obj.kind} {obj.detail}".strip()
        found = self.program.package(given.package) if given.package else None
        if found is not None:
            return f"{found.name}.{given.name.partition('·')[0]}"
        return given.label()

    def events(self) -> list[LeakEvent]:
        return [
            LeakEvent(
                kind=event.kind,
                where=self.context(event.where),
                subjects=_objects(event.subjects),
                others=tuple(_objects(refs) for refs in event.others),
                word=event.word,
                goroutine=event.goroutine,
                deferred=event.deferred,
                order=event.order,
                destructor=event.destructor,
            )
            for event in self.machine.events
        ]


def _objects(refs: tuple[Ref, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(ref.obj for ref in refs))
