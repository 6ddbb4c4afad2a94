"""Assignments: what variables, fields, elements and package variables hold afterwards."""

from __future__ import annotations

from goknot.inputs.source.bodies.evaluate import Evaluator, Symbol
from goknot.inputs.source.bodies.ir import Assign, Call, Deref, Expr, Index, Name, Pos, Receive, Select
from goknot.inputs.source.bodies.machine import NO_VALUE, Cell, Frame, Ref, Value
from goknot.inputs.source.bodies.trail import Called

_COPIED = (Name, Select, Deref, Index)


class Storing:
    """Stores values.

    Args:
        evaluator: Finds what is stored, and where.
    """

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.machine = evaluator.machine
        self.program = evaluator.program

    def assign(self, frame: Frame, s: Assign) -> None:
        """Runs an assignment or definition."""
        if len(s.left) > 1 and len(s.right) == 1:
            values = self.evaluator.values(frame, s.right[0])
        else:
            values = tuple([self.evaluator.value(frame, expr) for expr in s.right])
        sources: tuple[Expr | None, ...] = s.right if len(s.right) == len(s.left) else ()
        for position, target in enumerate(s.left):
            value = values[position] if position < len(values) else NO_VALUE
            source = sources[position] if position < len(sources) else None
            if s.define:
                self._define(frame, target, value, source, s)
            elif not (isinstance(target, Name) and target.name == "_"):
                self.set(frame, target, self._copied(value, source, s.pos), s.pos)
        self._tell(frame, s)

    def _tell(self, frame: Frame, s: Assign) -> None:
        """Notes what variables tell of what was received or returned."""
        here = self.machine.here
        if len(s.right) == 1 and isinstance(s.right[0], Call):
            last = s.left[-1]
            asked = here[-1] if here else None
            if isinstance(asked, Called) and asked.tells and isinstance(last, Name) and last.name in frame.env:
                frame.env[last.name].told = "value"
        elif len(s.right) == 1 and isinstance(s.right[0], Receive):
            for target, told in zip(s.left, ("value", "ok"), strict=False):
                if isinstance(target, Name) and target.name in frame.env:
                    frame.env[target.name].told = told

    def _define(self, frame: Frame, target: Expr, value: Value, source: Expr | None, s: Assign) -> None:
        if not isinstance(target, Name) or target.name == "_":
            return
        value = self._copied(value, source, s.pos)
        if target.name in frame.scope and s.right and s.type is None:
            self.set(frame, target, value, s.pos)
            return
        given = s.type or value.type
        if not value.refs and source is None and not s.right and self.program.is_inline(given):
            made = self.machine.make("new", given, s.pos)  # var x T
            value = Value((Ref(made.id),), given)
        elif not value.refs and not s.right and given is not None and given.kind == "chan":
            made = self.machine.make("chan", given, s.pos, detail="nil")
            value = Value((Ref(made.id),), given)
        cell = Cell(Value(value.refs, given), s.type)
        frame.declare(target.name, cell)
        self.machine.n_versions += 1
        cell.version = self.machine.n_versions

    def _copied(self, value: Value, source: Expr | None, pos: Pos) -> Value:
        """A struct that is assigned is copied."""
        if not value.refs or value.type is None or value.type.kind == "ptr" or not isinstance(source, _COPIED):
            return value
        shape = self.program.under(value.type)
        if shape is None or shape.kind != "struct":
            return value
        made = self.machine.make("new", value.type, pos)
        for ref in value.refs:
            source_obj = self.machine.objects[ref.obj]
            for name, held in list(source_obj.edges.items()):
                if not ref.path:
                    made.edges.setdefault(name, {}).update(held)
        return Value((Ref(made.id),), value.type)

    def set(self, frame: Frame, target: Expr, value: Value, pos: Pos) -> None:
        """Stores a value in whatever stands left of `=`."""
        machine, evaluator = self.machine, self.evaluator
        if isinstance(target, Name) and target.name == "_":
            return
        symbol = evaluator.symbol(frame, target)
        if isinstance(target, Name) and target.name in frame.env:
            machine.set(frame.env[target.name], value)
        elif symbol is not None:
            self._set_global(symbol, value, pos)
        elif isinstance(target, Select):
            place = evaluator.place(frame, target)
            if place is not None:
                self.keep(place[0], value, pos)
                for ref in place[0]:
                    machine.store(ref, place[1], value, pos, adds=len(place[0]) > 1)
        elif isinstance(target, Index):
            self._set_element(frame, target, value, pos)
        elif isinstance(target, Deref):
            base = evaluator.value(frame, target.value)
            self.keep(base.refs, value, pos)
            for ref in base.refs:
                if self.program.is_inline(value.type):
                    machine.store(ref, "", value, pos, adds=True)
                else:
                    machine.store(ref, "*", value, pos, adds=True)

    def _set_global(self, symbol: Symbol, value: Value, pos: Pos) -> None:
        ref = self.evaluator.global_ref(symbol, pos)
        if ref is None:
            self.machine.escape(value, pos)
        else:
            self.machine.store(ref, "=", value, pos, adds=bool(value.refs))
            self.machine.event("global-set", pos, (ref,), value.refs)

    def keep(self, holders: tuple[Ref, ...], value: Value, pos: Pos) -> None:
        """What is stored in an object that is not known may be reached from anywhere."""
        if not holders:
            self.machine.escape(value, pos)

    def _set_element(self, frame: Frame, target: Index, value: Value, pos: Pos) -> None:
        machine, evaluator = self.machine, self.evaluator
        base = evaluator.value(frame, target.base)
        key = evaluator.value(frame, target.index)
        shape = self.program.under(base.type)
        self.keep(base.refs, value, pos)
        self.keep(base.refs, key, pos)
        for ref in base.refs:
            machine.store(ref, "[]", value, pos, "element", adds=True)
            if key.refs:
                machine.store(ref, "key", Value(key.refs), pos, "map-key", adds=True)
        if shape is None or shape.kind == "map":
            keys = tuple(ref for ref in key.refs if not ref.path)  # others are fields, most of them no pointers
            machine.event("map-store", pos, base.refs, keys, value.refs)
