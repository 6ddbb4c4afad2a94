"""What expressions point to."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, NamedTuple

from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import (
    Address,
    Assign,
    Call,
    Cast,
    Constant,
    Deref,
    Expr,
    Func,
    Index,
    Lambda,
    Literal,
    Name,
    Pos,
    Receive,
    Select,
    Several,
)
from goknot.inputs.source.bodies.machine import NO_VALUE, Frame, Machine, Obj, Ref, Value, joined
from goknot.inputs.source.bodies.program import Step
from goknot.inputs.source.bodies.trail import act
from goknot.model.processes import TOGGLED

_FUNCTIONS = (Name, Select, Lambda)  # what may be one


class Symbol(NamedTuple):
    """Something at the top level of a package."""

    package: str
    name: str


class Evaluator:
    """Evaluates expressions on a machine.

    Attributes:
        call: How calls are run; set by `Calls`.
        foreign_functions: Functions of other modules that are known; set by `Calls`.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.program = machine.program
        self.call: Callable[[Frame, Call], tuple[Value, ...]] = lambda frame, call: ()
        self.foreign_functions: Container[tuple[str, ...]] = ()
        self._by_type: dict[type, Callable[[Frame, Any], Value]] = {
            Select: self.select,
            Literal: self.literal,
            Address: self._address,
            Deref: self._dereferenced,
            Lambda: self._closure,
            Index: self._index,
            Receive: self._receive,
            Cast: self._cast,
            Several: self._several,
        }

    def values(self, frame: Frame, expr: Expr) -> tuple[Value, ...]:
        """All results of an expression."""
        if isinstance(expr, Call):
            machine = self.machine
            if not machine.step():
                return ()
            machine.nesting += 1
            found = self.call(frame, expr)
            machine.nesting -= 1
            return found
        return (self.value(frame, expr),)

    def value(self, frame: Frame, expr: Expr) -> Value:
        """The (first) result of an expression."""
        if isinstance(expr, Name):
            return self.name(frame, expr)
        if isinstance(expr, Constant):
            return NO_VALUE
        if isinstance(expr, Call):
            found = self.values(frame, expr)
            return found[0] if found else NO_VALUE
        machine = self.machine
        if not machine.step():
            return NO_VALUE
        machine.nesting += 1
        value = self._by_type[type(expr)](frame, expr)
        machine.nesting -= 1
        return value

    def _dereferenced(self, frame: Frame, expr: Deref) -> Value:
        return self.dereference(self.value(frame, expr.value), (0, 0))

    def _cast(self, frame: Frame, expr: Cast) -> Value:
        value = self.value(frame, expr.value)
        return Value(value.refs, expr.type or value.type)

    def _several(self, frame: Frame, expr: Several) -> Value:
        for part in expr.parts:
            self.value(frame, part)
        return NO_VALUE

    def symbol(self, frame: Frame, expr: Expr) -> Symbol | None:
        """What an expression names at the top level of a package, this one or an imported one."""
        if isinstance(expr, Name):
            return None if expr.name in frame.env else Symbol(frame.func.package, expr.name)
        if isinstance(expr, Select) and isinstance(expr.base, Name) and expr.base.name not in frame.env:
            path = frame.func.imports.get(expr.base.name)
            return Symbol(path, expr.name) if path else None
        return None

    def name(self, frame: Frame, expr: Name) -> Value:
        """A variable or function."""
        cell = frame.env.get(expr.name)
        if cell is not None:
            value = cell.value
            return value if value.type is not None or cell.type is None else Value(value.refs, cell.type)
        return self.global_value(Symbol(frame.func.package, expr.name), expr.pos)

    def global_value(self, symbol: Symbol, pos: Pos) -> Value:
        """A package's function or variable."""
        package = self.program.package(symbol.package)
        machine = self.machine
        if package is None:
            if symbol not in self.foreign_functions:
                return NO_VALUE
            made = machine.make("function", GoType("func"), pos, detail=symbol.name)
            made.foreign = symbol
            return Value((Ref(made.id),))
        declared = package.functions.get(symbol.name)
        if declared is not None:
            func = self.program.body(package, declared)
            made = machine.make("function", None, pos, detail=symbol.name)
            made.func = func
            result = func.results[0].type if func.results else None
            return Value((Ref(made.id),), GoType("func", fields=(("", result, False),)))
        ref = self.global_ref(symbol, pos)
        if ref is None:
            return NO_VALUE
        given = machine.objects[ref.obj].type
        if self.program.is_inline(given):
            return Value((ref,), given)
        return Value(machine.load(ref, "=", given, pos), given)

    def global_ref(self, symbol: Symbol, pos: Pos) -> Ref | None:
        """The object that is a package variable; None if there is none."""
        machine = self.machine
        found = machine.globals.get(symbol)
        if found is not None:
            return found
        package = self.program.package(symbol.package)
        declared = package.variables.get(symbol.name) if package else None
        if package is None or declared is None:
            return None
        statement = self.program.variable(package, declared)
        given = statement.type
        if given is None and len(statement.right) == len(statement.left):
            names = [name.name for name in statement.left if isinstance(name, Name)]
            given = self._guess(statement.right[names.index(symbol.name)], package.path, declared.source.imports)
        made = machine.make("global", given, pos, detail=f"{package.name}.{symbol.name}")
        ref = machine.globals[symbol] = Ref(made.id)
        if len(statement.right) == len(statement.left):
            self._initial_function(ref, statement, symbol.name, package.path, declared.source.imports)
        return ref

    def _initial_function(self, ref: Ref, statement: Assign, name: str, package: str, imports: dict[str, str]) -> None:
        """A function that a variable begins with: tests replace such, programs rarely do."""
        names = [target.name for target in statement.left if isinstance(target, Name)]
        expr = statement.right[names.index(name)]
        if isinstance(expr, _FUNCTIONS):
            func = Func("init", package, self.machine.stack[-1].file, statement.pos, imports)
            value = self.value(Frame(func), expr)
            if any(self.machine.objects[found.obj].kind in {"function", "closure"} for found in value.refs):
                self.machine.store(ref, "=", value, statement.pos, adds=True)

    def _guess(  # noqa: PLR0911 (one line a kind)
        self, expr: Expr, package: str, imports: dict[str, str]
    ) -> GoType | None:
        """The type of a variable's initial value, as far as it can be told without running it."""
        if isinstance(expr, Literal):
            return expr.type
        if isinstance(expr, Address):
            return GoType("ptr", elem=self._guess(expr.value, package, imports))
        if isinstance(expr, Cast):
            return expr.type
        if isinstance(expr, Lambda):
            return GoType("func")
        if not isinstance(expr, Call):
            return None
        callee = expr.callee
        if isinstance(callee, Name) and callee.name in {"make", "new"} and expr.types:
            return GoType("ptr", elem=expr.types[0]) if callee.name == "new" else expr.types[0]
        path, name = package, callee.name if isinstance(callee, Name) else ""
        if isinstance(callee, Select) and isinstance(callee.base, Name):
            path, name = imports.get(callee.base.name, ""), callee.name
        if (path, name) == ("container/list", "New"):
            return GoType("ptr", elem=GoType("named", path, "List"))
        found = self.program.package(path) if path else None
        declared = found.functions.get(name) if found else None
        if found is None or declared is None:
            return None
        results = self.program.body(found, declared).results
        return results[0].type if results else None

    def select(self, frame: Frame, expr: Select) -> Value:
        """A field, a method value, or something of another package."""
        symbol = self.symbol(frame, expr)
        if symbol is not None:
            return self.global_value(symbol, expr.pos)
        expression = self._method_expression(frame, expr)
        if expression is not None:
            return expression
        base = self.value(frame, expr.base)
        steps = self.program.field(base.type, expr.name)
        if steps is None:
            method = self.method_value(base, expr)
            if method is not None:
                return method
            steps = [Step(expr.name, None)]
            if base.type is not None and base.type.kind == "named" and self.program.under(base.type) is None:
                return Value(tuple(Ref(r.obj, joined(r.path, expr.name)) for r in base.refs), None)
        return self.follow(base, steps, expr.pos)

    def _method_expression(self, frame: Frame, expr: Select) -> Value | None:
        """`T.Method` or `(*T).Method`: a function whose first argument is the receiver."""
        named = expr.base.value if isinstance(expr.base, Deref) else expr.base
        symbol = self.symbol(frame, named)
        if symbol is None:
            return None
        package = self.program.package(symbol.package)
        machine = self.machine
        if package is None:
            if (*symbol, expr.name) not in self.foreign_functions:
                return None
            made = machine.make("function", GoType("func"), expr.pos, detail=expr.name)
            made.foreign = (*symbol, expr.name)
            return Value((Ref(made.id),), made.type)
        if symbol.name not in package.types:
            return None
        found = self.program.method(GoType("named", *symbol), expr.name)
        if found is None:
            return None
        made = machine.make("function", GoType("func"), expr.pos, detail=expr.name)
        made.func = self.program.body(found[1], found[2])
        made.takes_receiver = True
        return Value((Ref(made.id),), made.type)

    def follow(self, base: Value, steps: list[Step], pos: Pos) -> Value:
        """The field at the end of some steps."""
        for step in steps:
            if len(base.refs) < 2:  # as most
                refs = self.machine.load(base.refs[0], step.name, step.type, pos) if base.refs else ()
            else:
                found = [held for ref in base.refs for held in self.machine.load(ref, step.name, step.type, pos)]
                refs = tuple(dict.fromkeys(found))
            base = Value(refs, step.type)
        return base

    def method_value(self, base: Value, expr: Select) -> Value | None:
        """A method bound to its receiver; None if there is no such method."""
        found = self.program.method(base.type, expr.name)
        foreign = self._may_have_foreign(base.type)
        if found is None and not foreign:
            return None
        made = self.machine.make("method-value", GoType("func"), expr.pos, detail=expr.name)
        receiver = base
        if found is not None:
            steps, package, declared = found
            receiver = self.follow(base, steps, expr.pos)
            made.func = self.program.body(package, declared)
        made.receiver = receiver.refs
        for ref in receiver.refs:
            self.machine.store(Ref(made.id), "receiver", Value((ref,)), expr.pos, "method-value", adds=True)
        return Value((Ref(made.id),), made.type)

    def _may_have_foreign(self, given: GoType | None) -> bool:
        """Whether the type is of another module, so that what is selected may be a method."""
        if given is not None and given.kind == "ptr":
            given = given.elem
        return given is not None and given.kind == "named" and self.program.under(given) is None

    def dereference(self, value: Value, pos: Pos) -> Value:
        """What a pointer points to."""
        given = value.type.elem if value.type is not None and value.type.kind == "ptr" else None
        if given is None or self.program.is_inline(given):
            return Value(value.refs, given)
        refs: dict[Ref, None] = {}
        for ref in value.refs:
            refs.update(dict.fromkeys(self.machine.load(ref, "*", given, pos)))
        return Value(tuple(refs), given)

    def _address(self, frame: Frame, expr: Address) -> Value:
        inner = expr.value
        if isinstance(inner, Literal):
            value = self.literal(frame, inner)
            return Value(value.refs, GoType("ptr", elem=value.type))
        symbol = self.symbol(frame, inner)
        if symbol is not None:
            ref = self.global_ref(symbol, expr.pos)
            if ref is not None:
                return Value((ref,), GoType("ptr", elem=self.machine.objects[ref.obj].type))
        if isinstance(inner, Select):
            place = self.place(frame, inner)
            if place is not None:
                bases, path, given = place
                refs = tuple(Ref(ref.obj, joined(ref.path, path)) for ref in bases)
                return Value(refs, GoType("ptr", elem=given))
        value = self.value(frame, inner)
        if self.program.is_inline(value.type):
            return Value(value.refs, GoType("ptr", elem=value.type))
        made = self.machine.make("new", value.type, expr.pos)
        self.machine.store(Ref(made.id), "*", value, expr.pos)
        return Value((Ref(made.id),), GoType("ptr", elem=value.type))

    def place(self, frame: Frame, expr: Select) -> tuple[tuple[Ref, ...], str, GoType | None] | None:
        """Objects and the path in them that a selector stores to; None if it is no field."""
        base = self.value(frame, expr.base)
        steps = self.program.field(base.type, expr.name)
        if steps is None:
            return base.refs, expr.name, None
        holder = self.follow(base, steps[:-1], expr.pos)
        return holder.refs, steps[-1].name, steps[-1].type

    def literal(self, frame: Frame, expr: Literal, expected: GoType | None = None) -> Value:
        """A composite literal."""
        given = expr.type or expected
        if given is not None and given.kind == "ptr" and expr.type is None:
            inner = self.literal(frame, expr, given.elem)
            return Value(inner.refs, given)
        shape = self.program.under(given)
        kind = shape.kind if shape is not None else "struct"
        if shape is given and kind == "struct" and shape is not None and not shape.fields:
            return Value((), given)  # struct{}{} takes no room
        made = self.machine.make(kind if kind in {"map", "slice"} else "new", given, expr.pos)
        self._fill(frame, made, expr, shape)
        return Value((Ref(made.id),), given)

    def _fill(self, frame: Frame, made: Obj, expr: Literal, shape: GoType | None) -> None:
        struct = shape.fields if shape is not None and shape.kind == "struct" else None
        for position, item in enumerate(expr.items):
            if struct is None and not (shape is None and item.field):
                value = self._element(frame, item.value, shape.elem if shape else None)
                if item.key is not None and not item.field:
                    key = self.value(frame, item.key)
                    self.machine.store(Ref(made.id), "key", key, item.pos, "map-key", adds=True)
                self.machine.store(Ref(made.id), "[]", value, item.pos, "element", adds=True)
                continue
            name, given = item.field, None
            if struct is not None and not name and position < len(struct):
                name = struct[position][0]
            if struct is not None:
                given = next((kind for field_name, kind, _ in struct if field_name == name), None)
            value = self._element(frame, item.value, given)
            value = Value(value.refs, value.type or given)
            self.machine.store(Ref(made.id), name, value, item.pos)

    def _element(self, frame: Frame, expr: Expr, expected: GoType | None) -> Value:
        if isinstance(expr, Literal) and expr.type is None:
            return self.literal(frame, expr, expected)
        return self.value(frame, expr)

    def _closure(self, frame: Frame, expr: Lambda) -> Value:
        made = self.machine.make("closure", GoType("func"), expr.pos)
        made.func = expr.func
        made.cells = {name: frame.env[name] for name in expr.func.free if name in frame.env}
        return Value((Ref(made.id),), made.type)

    def _index(self, frame: Frame, expr: Index) -> Value:
        base = self.value(frame, expr.base)
        self.value(frame, expr.index)
        if base.type is not None and base.type.kind == "func":
            return base  # a generic function with its arguments
        return self.elements(base, expr.pos)

    def elements(self, base: Value, pos: Pos) -> Value:
        """What a map, slice, array or channel holds."""
        shape = self.program.under(base.type)
        if shape is not None and shape.kind == "ptr":
            shape = self.program.under(shape.elem)
        given = shape.elem if shape is not None else None
        return self.follow(base, [Step("[]", given)], pos)

    def _receive(self, frame: Frame, expr: Receive) -> Value:
        channel = self.value(frame, expr.channel)
        self.machine.event("receive", expr.pos, channel.refs)
        name = expr.channel.name if isinstance(expr.channel, Name) else ""
        act(self.machine, "receive", expr.pos, channel.refs, TOGGLED if name in frame.func.counted else "")
        value = self.elements(channel, expr.pos)
        inside = [ref for ref in value.refs if ref.path and self.machine.objects[ref.obj].kind == "chan"]
        if not inside:
            return value
        made = self.machine.make("new", value.type, expr.pos)  # a struct is copied out of the channel
        for ref in inside:
            for name, held in list(self.machine.objects[ref.obj].edges.items()):
                if name.startswith(f"{ref.path}."):
                    made.edges.setdefault(name[len(ref.path) + 1 :], {}).update(held)
        return Value((Ref(made.id),), value.type)
