"""Calls: builtins, functions of the program (run in place, so that each call site has its own objects), known ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from goknot.inputs.source.bodies.evaluate import Evaluator, Symbol
from goknot.inputs.source.bodies.gotype import BASIC, GoType
from goknot.inputs.source.bodies.ir import NOTHING, Call, Cast, Constant, Expr, Func, Index, Name, Pos, Select
from goknot.inputs.source.bodies.machine import NO_VALUE, OPAQUE, Cell, Frame, Machine, Obj, Ref, Value, union
from goknot.inputs.source.bodies.trail import Parted, act, inside

_BUILTINS = frozenset(
    ("append cap clear close complex copy delete imag len make max min new panic print println real recover").split()  # noqa: SIM905 (reads better so)
)


@dataclass(slots=True)
class Request:
    """A call to something of another module that is known.

    Attributes:
        receiver: Of a method.
    """

    calls: Calls
    frame: Frame
    call: Call
    args: tuple[Value, ...]
    receiver: Value = NO_VALUE

    @property
    def machine(self) -> Machine:
        """The machine it runs on."""
        return self.calls.machine

    def arg(self, index: int) -> Value:
        """An argument; nothing if it is missing."""
        return self.args[index] if index < len(self.args) else NO_VALUE


Known = Callable[[Request], tuple[Value, ...]]


class KnownCalls(NamedTuple):
    """What functions and methods of the standard library and a few others do to pointers.

    Attributes:
        functions: (import path, name) -> what it does.
        methods: (import path, type, method) -> what it does.
        keeps_nothing: Import paths whose functions keep none of their arguments.
    """

    functions: dict[tuple[str, str], Known]
    methods: dict[tuple[str, str, str], Known]
    keeps_nothing: frozenset[str]


class Calls:
    """Runs calls.

    Args:
        evaluator: Evaluates arguments; its `call` is set.
        run_body: Runs a function's body in a frame.
        known: What other modules' functions do.
    """

    def __init__(self, evaluator: Evaluator, run_body: Callable[[Frame], None], known: KnownCalls) -> None:
        self.evaluator = evaluator
        self.machine = evaluator.machine
        self.program = evaluator.program
        self.run_body = run_body
        self.known = known
        evaluator.call = self.call
        evaluator.foreign_functions = {*known.functions, *known.methods}

    def call(self, frame: Frame, call: Call) -> tuple[Value, ...]:
        """The results of a call."""
        callee = call.callee
        while isinstance(callee, Index) and self._names_function(frame, callee.base):
            callee = callee.base
        symbol = self.evaluator.symbol(frame, callee)
        if symbol is not None:
            return self._call_symbol(frame, call, callee, symbol)
        if isinstance(callee, Select):
            return self._call_selected(frame, call, callee)
        target = self.evaluator.value(frame, callee)
        if isinstance(callee, Cast):  # []byte(x), (*T)(x)
            value = self._args(frame, call)
            return (Value(value[0].refs if value else (), target.type),)
        return self.call_value(target, self._args(frame, call), call)

    def _names_function(self, frame: Frame, expr: Expr) -> bool:
        symbol = self.evaluator.symbol(frame, expr)
        package = self.program.package(symbol.package) if symbol else None
        return symbol is not None and (package is None or symbol.name in package.functions)

    def _args(self, frame: Frame, call: Call) -> tuple[Value, ...]:
        if len(call.args) == 1 and isinstance(call.args[0], Call):
            return self.evaluator.values(frame, call.args[0])
        return tuple([self.evaluator.value(frame, arg) for arg in call.args])

    def _call_symbol(self, frame: Frame, call: Call, callee: Expr, symbol: Symbol) -> tuple[Value, ...]:
        package = self.program.package(symbol.package)
        if package is None:
            return self.foreign(symbol, Request(self, frame, call, self._args(frame, call)))
        declared = package.functions.get(symbol.name)
        if declared is not None:
            return self.inline(self.program.body(package, declared), NO_VALUE, self._args(frame, call), call.pos)
        if symbol.name in package.variables:
            return self.call_value(self.evaluator.value(frame, callee), self._args(frame, call), call)
        if symbol.name in package.types or symbol.name in BASIC:
            args = self._args(frame, call)
            basic = symbol.name in BASIC and symbol.name not in package.types
            given = GoType("basic", name=symbol.name) if basic else GoType("named", symbol.package, symbol.name)
            return (Value(args[0].refs if args else (), given),)
        if isinstance(callee, Name) and callee.name in _BUILTINS:
            return self._builtin(frame, call, callee.name)
        self._unknown(NO_VALUE, self._args(frame, call), call.pos)
        return ()

    def foreign(self, symbol: Symbol, request: Request) -> tuple[Value, ...]:
        """A function of another module."""
        known = self.known.functions.get((symbol.package, symbol.name))
        if known is not None:
            return known(request)
        if symbol.package not in self.known.keeps_nothing:
            self._unknown(NO_VALUE, request.args, request.call.pos)
        return ()

    def _call_selected(self, frame: Frame, call: Call, callee: Select) -> tuple[Value, ...]:
        base = self.evaluator.value(frame, callee.base)
        found = self._method(base, callee)
        if found is not None:
            receiver, func = found
            if callee.name.lower() in _ENDS:
                self.machine.event("end", call.pos, receiver.refs, word=callee.name)
            return self.inline(func, receiver, self._args(frame, call), call.pos)
        steps = self.program.field(base.type, callee.name)
        if steps is not None:
            target = self.evaluator.follow(base, steps, callee.pos)
            return self.call_value(target, self._args(frame, call), call)
        args = self._args(frame, call)
        for receiver, key in self._foreign_receivers(base, callee):
            known = self.known.methods.get((*key, callee.name))
            if known is not None:
                return known(Request(self, frame, call, args, receiver))
        if callee.name == "AddEventHandler":
            self.machine.event("listen", call.pos, base.refs, *(arg.refs for arg in args))
        dynamic = self._dynamic(base, callee, args, call.pos)
        if dynamic is not None:
            return dynamic
        self._unknown(base, args, call.pos)
        return ()

    def _method(self, base: Value, callee: Select) -> tuple[Value, Func] | None:
        found = self.program.method(base.type, callee.name)
        if found is None:
            return None
        steps, package, declared = found
        return self.evaluator.follow(base, steps, callee.pos), self.program.body(package, declared)

    def _foreign_receivers(self, base: Value, callee: Select) -> list[tuple[Value, tuple[str, str]]]:
        """The receiver itself, and embedded fields, of types of other modules."""
        ways: list[Value] = [base]
        ways.extend(self.evaluator.follow(base, way, callee.pos) for way in self.program.embedded_foreign(base.type))
        found = []
        for value in ways:
            given = value.type.elem if value.type is not None and value.type.kind == "ptr" else value.type
            if given is not None and given.kind == "named":
                found.append((value, (given.package, given.name)))
            for ref in value.refs[:4]:
                kind = _TYPE_BY_KIND.get(self.machine.objects[ref.obj].kind)
                if kind is not None:
                    found.append((Value((ref,), value.type), kind))
        return found

    def _dynamic(self, base: Value, callee: Select, args: tuple[Value, ...], pos: Pos) -> tuple[Value, ...] | None:
        """A method of an interface, found by what the objects are; None if they do not tell."""
        results: tuple[Value, ...] | None = None
        parted = Parted("callee", self.machine.where(pos))
        for ref in base.refs[:4]:
            given = self.machine.objects[ref.obj].type
            if ref.path or given is None or given == base.type:
                return None
            found = self._method(Value((ref,), given), callee)
            if found is None:
                return None
            parted.alternatives.append([])
            with inside(self.machine, parted.alternatives[-1]):
                mine = self.inline(found[1], found[0], args, pos)
            results = mine if results is None else merge_results(results, mine)
        self.machine.here.append(parted)
        return results

    def call_value(self, target: Value, args: tuple[Value, ...], call: Call) -> tuple[Value, ...]:
        """Calls a function value: closures, method values, cancel functions."""
        results: tuple[Value, ...] = ()
        if not target.refs:
            self._unknown(NO_VALUE, args, call.pos)
        objects = [self.machine.objects[ref.obj] for ref in target.refs[:4]]
        if len(objects) == 1:
            return self.call_object(objects[0], args, call.pos, call)
        parted = Parted("callee", self.machine.where(call.pos))
        for obj in objects:
            parted.alternatives.append([])
            with inside(self.machine, parted.alternatives[-1]):
                results = merge_results(results, self.call_object(obj, args, call.pos, call))
        self.machine.here.append(parted)
        return results

    def call_object(self, obj: Obj, args: tuple[Value, ...], pos: Pos, call: Call | None = None) -> tuple[Value, ...]:
        """Calls one function object."""
        obj.ran = True
        first = args[0] if args else NO_VALUE
        if obj.kind in {"cancel", "stop"}:
            self.machine.event(obj.kind, pos, (Ref(obj.id),))
            if obj.kind == "cancel":
                act(self.machine, "cancel", pos, (Ref(obj.id),))
            return ()
        if obj.foreign is not None and len(obj.foreign) > 2:
            request = Request(self, Frame(self.machine.stack[-1]), call or Call(NOTHING, (), (), pos), args[1:], first)
            return self.known.methods[obj.foreign[0], obj.foreign[1], obj.foreign[2]](request)
        if obj.foreign is not None:
            return self.foreign(
                Symbol(obj.foreign[0], obj.foreign[1]),
                Request(self, Frame(self.machine.stack[-1]), call or Call(NOTHING, (), (), pos), args),
            )
        if obj.func is None:
            receiver = Value(obj.receiver)
            self._unknown(receiver, args, pos)
            return ()
        if not self.can_inline(obj.func):
            self.machine.escape(Value((Ref(obj.id),)), pos)
        if obj.takes_receiver:
            return self.inline(obj.func, first, args[1:], pos)
        return self.inline(obj.func, Value(obj.receiver), args, pos, obj.cells)

    def _unknown(self, receiver: Value, args: Sequence[Value], pos: Pos) -> None:
        for value in (receiver, *args):
            self.machine.escape(value, pos)

    def _concerns(self, func: Func, receiver: Value, args: tuple[Value, ...]) -> bool:
        """Whether a call can do anything to objects that were made here, or make new ones for its caller."""
        if func.matters or func.is_literal or any(self._brings_objects(result.type) for result in func.results):
            return True
        objects = self.machine.objects
        return any(objects[ref.obj].kind not in OPAQUE for value in (receiver, *args) for ref in value.refs)

    def _brings_objects(self, given: GoType | None) -> bool:
        return given is None or (given.kind != "basic" and self.program.has_pointers(given))

    def can_inline(self, func: Func) -> bool:
        """Whether a function is run in place: not if it runs already, or too many calls lie above."""
        return self.machine.may_call() and func not in self.machine.stack

    def inline(
        self,
        func: Func,
        receiver: Value,
        args: tuple[Value, ...],
        pos: Pos,
        cells: dict[str, Cell] | None = None,
    ) -> tuple[Value, ...]:
        """Runs a function of the program in place."""
        machine = self.machine
        if not self._concerns(func, receiver, args):
            return tuple(Value((), result.type) for result in func.results)
        if not self.can_inline(func) or not machine.step():
            self._unknown(receiver, args, pos)
            return tuple(Value((), result.type) for result in func.results)
        frame = Frame(func)
        frame.env.update(cells or {})
        if func.receiver is not None and func.receiver.name:
            frame.env[func.receiver.name] = Cell(Value(receiver.refs, func.receiver.type), func.receiver.type)
        self._bind(frame, func, args, pos)
        saved = machine.deferred
        machine.deferred = False
        calls, machine.calls = machine.calls, (*machine.calls, machine.site(pos))
        self.run_body(frame)
        machine.calls = calls
        machine.deferred = saved
        results: tuple[Value, ...] = ()
        for returned in frame.returns:
            results = merge_results(results, returned)
        return tuple(
            Value(value.refs, value.type if result.type is None else _narrow(value.type, result.type))
            for value, result in zip(
                (*results, *(NO_VALUE,) * (len(func.results) - len(results))), func.results, strict=False
            )
        )

    def _bind(self, frame: Frame, func: Func, args: tuple[Value, ...], pos: Pos) -> None:
        for position, param in enumerate(func.params):
            value = args[position] if position < len(args) else NO_VALUE
            if func.variadic and position == len(func.params) - 1:
                made = self.machine.make("slice", param.type, pos)
                for extra in args[position:]:
                    self.machine.store(Ref(made.id), "[]", extra, pos, "element", adds=True)
                value = Value((Ref(made.id),), param.type)
            if param.name and param.name != "_":
                frame.env[param.name] = Cell(Value(value.refs, param.type or value.type), param.type)
        for result in func.results:
            if result.name and result.name != "_":
                frame.env[result.name] = Cell(Value((), result.type), result.type)

    def _builtin(self, frame: Frame, call: Call, name: str) -> tuple[Value, ...]:
        machine, args = self.machine, self._args(frame, call)
        if name in {"new", "make"}:
            given = call.types[0] if call.types else None
            shape = self.program.under(given)
            kind = shape.kind if name == "make" and shape is not None else "new"
            made = machine.make(kind if kind in {"chan", "map", "slice"} else "new", given, call.pos)
            if kind == "chan":
                made.size = _capacity(call.args)
            return (Value((Ref(made.id),), GoType("ptr", elem=given) if name == "new" else given),)
        first = args[0] if args else NO_VALUE
        if name == "append":
            return (self._append(first, args[1:], call),)
        if name == "close":
            machine.event("close", call.pos, first.refs)
            act(machine, "close", call.pos, first.refs)
        elif name in {"delete", "clear"}:
            for ref in first.refs:
                machine.empty(ref)
            machine.event("map-delete", call.pos, first.refs)
        elif name == "copy" and len(args) > 1:
            value = self.evaluator.elements(args[1], call.pos)
            for ref in first.refs:
                machine.store(ref, "[]", value, call.pos, "element", adds=True)
        elif name in {"min", "max"}:
            return (first,)
        return ()

    def _append(self, base: Value, added: Sequence[Value], call: Call) -> Value:
        machine = self.machine
        refs = base.refs
        if not refs:
            made = machine.make("slice", base.type, call.pos)
            refs = (Ref(made.id),)
        for value in added:
            for ref in refs:
                machine.store(ref, "[]", value, call.pos, "element", adds=True)
        if any(machine.objects[ref.obj].kind in OPAQUE for ref in refs):
            given = tuple(dict.fromkeys(ref for value in added for ref in value.refs))
            machine.event("append", call.pos, refs, given)
        return Value(refs, base.type)


_ENDS = frozenset({"close", "stop", "shutdown", "destroy", "release", "dispose", "free", "end"})
_TYPE_BY_KIND = {
    "handle": ("runtime/cgo", "Handle"),
    "weak": ("weak", "Pointer"),
    "timer": ("time", "Timer"),
    "context": ("context", "Context"),
    "cleanup": ("runtime", "Cleanup"),
}


def _narrow(actual: GoType | None, declared: GoType) -> GoType:
    return declared if actual is None or declared.kind != "iface" else actual


def _capacity(args: Sequence[Expr]) -> int:
    if not args:
        return 0
    text = args[0].text if isinstance(args[0], Constant) else ""
    return int(text) if text.isdecimal() else -1


def merge_results(first: tuple[Value, ...], second: tuple[Value, ...]) -> tuple[Value, ...]:
    """What two ways of returning may return."""
    if len(first) < len(second):
        first, second = second, first
    return tuple(union(value, second[i]) if i < len(second) else value for i, value in enumerate(first))
