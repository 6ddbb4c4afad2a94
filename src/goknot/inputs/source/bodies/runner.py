"""Runs a function body on paper: statements in order, branches apart, loops once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from goknot.inputs.source.bodies import ir
from goknot.inputs.source.bodies.calls import Calls
from goknot.inputs.source.bodies.conditions import kind_of_loop, parted_by, told_of
from goknot.inputs.source.bodies.evaluate import Evaluator
from goknot.inputs.source.bodies.exits import Exits, exits_of
from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import (
    Assign,
    Block,
    Call,
    Case,
    Choose,
    Defer,
    Expr,
    Func,
    Go,
    Group,
    If,
    Loop,
    Name,
    Pos,
    Return,
    Run,
    Select,
    Send,
    Stmt,
    Switch,
)
from goknot.inputs.source.bodies.known import known_calls
from goknot.inputs.source.bodies.machine import (
    NO_VALUE,
    Cell,
    Frame,
    Machine,
    Ref,
    Value,
    union,
)
from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.storing import Storing
from goknot.inputs.source.bodies.trail import Called, Looped, Parted, Raw, act, begun, inside
from goknot.model.processes import Leave, Tell

_KNOWN = known_calls()
_ERROR = GoType("basic", name="error")


class Runner:
    """One run of one function, with everything it calls."""

    def __init__(self, program: Program, limits: Sequence[tuple[int, int]]) -> None:
        self.machine = Machine(program, limits)
        self.program = program
        self.evaluator = Evaluator(self.machine)
        self.calls = Calls(self.evaluator, self.run_frame, _KNOWN)
        self.storing = Storing(self.evaluator)
        # each runs a statement: true if what follows is not reached
        self._by_type: dict[type, Callable[[Frame, Any], bool | None]] = {
            Assign: self.storing.assign,
            Run: self._run,
            If: self._if,
            Return: self._return,
            Group: self._group,
            Loop: self._loop,
            Go: self._go,
            Defer: self._defer,
            Send: self._send,
            Switch: self._switch,
            Choose: self._choose,
            ir.Leave: self._leave,
        }

    def run(self, func: Func) -> Machine:
        """Runs a function with arguments of which nothing is known."""
        machine = self.machine
        machine.stack.append(func)
        receiver = self._given(func.receiver.type, func.receiver.name, func.pos) if func.receiver else NO_VALUE
        args = tuple(self._given(param.type, param.name, func.pos) for param in func.params)
        machine.stack.pop()
        frame = Frame(func)
        params = ((func.receiver, receiver), *zip(func.params, args, strict=True))
        for param, value in params:
            if param is not None and param.name and param.name != "_":
                frame.env[param.name] = Cell(value, param.type)
        for result in func.results:
            if result.name and result.name != "_":
                frame.env[result.name] = Cell(Value((), result.type), result.type)
        self.run_frame(frame)
        machine.here = machine.trail
        machine.stack.append(func)
        for returned in frame.returns:
            for value in returned:
                machine.event("returned", func.pos, value.refs)
        machine.stack.pop()
        return machine

    def _given(self, given: GoType | None, name: str, pos: Pos) -> Value:
        if not self.program.has_pointers(given):
            return Value((), given)
        base = given.elem if given is not None and given.kind == "ptr" else given
        made = self.machine.make("param", base, pos, detail=name)
        return Value((Ref(made.id),), given)

    def run_frame(self, frame: Frame) -> None:
        """Runs the body of a frame's function, then what it deferred."""
        machine = self.machine
        frame.func.need_body()
        machine.stack.append(frame.func)
        machine.nesting += 3
        branch = machine.branch
        results = frame.func.results
        called = Called(False, bool(results) and results[-1].type == _ERROR)
        machine.here.append(called)
        with inside(machine, called.body):
            ends = self.block(frame, frame.func.body)
        if not ends or not frame.returns:
            self._bare_return(frame)
        machine.branch = branch
        machine.deferred = True
        for call, env, later in reversed(frame.defers):
            frame.env = env
            with inside(machine, later):
                self.evaluator.values(frame, call)
        machine.deferred = False
        machine.nesting -= 3
        machine.stack.pop()

    def _bare_return(self, frame: Frame) -> None:
        named = [frame.env.get(result.name) for result in frame.func.results]
        frame.returns.append(tuple(cell.value if cell is not None else NO_VALUE for cell in named))

    def block(self, frame: Frame, body: Block) -> bool:
        """Runs statements in a scope of their own; True if they do not end (they return)."""
        outer, frame.scope = frame.scope, {}
        ended = self._statements(frame, body)
        frame.leave(outer)
        return ended

    def _statements(self, frame: Frame, body: Sequence[Stmt]) -> bool:
        machine = self.machine
        for statement in body:
            if not machine.step():
                return False
            machine.nesting += 1
            ended = self._by_type[type(statement)](frame, statement)
            machine.nesting -= 1
            if ended:
                return True
        return False

    def _run(self, frame: Frame, s: Run) -> bool:
        self.evaluator.values(frame, s.value)
        if _never_returns(frame, s.value):
            self.machine.here.append(Leave("exit", ""))
            return True
        return False

    def _group(self, frame: Frame, s: Group) -> bool:
        return self.block(frame, s.body)

    def _leave(self, frame: Frame, s: ir.Leave) -> bool:
        self.machine.here.append(Leave("lost" if s.word == "goto" else s.word, s.label))
        return s.word != "goto"

    def _return(self, frame: Frame, s: Return) -> bool:
        machine = self.machine
        if len(frame.func.results) > 1 and len(s.values) == 1:
            found = self.evaluator.values(frame, s.values[0])
        else:
            found = tuple([self.evaluator.value(frame, value) for value in s.values])
        if len(machine.stack) == 1:
            machine.event("return", s.pos, ())
        if frame.func.results and frame.func.results[-1].type == _ERROR:
            last = s.values[-1] if s.values else None
            machine.here.append(Tell("" if last is None else told_of(last, frame)))
        machine.here.append(Leave("return", ""))
        for result, value in zip(frame.func.results, found, strict=False):
            if result.name in frame.env and result.name != "_":
                machine.set(frame.env[result.name], value)
        if s.values:
            frame.returns.append(found)
        else:
            self._bare_return(frame)
        return True

    def _branches(
        self, frame: Frame, bodies: Iterator[tuple[Stmt | None, Block]], parted: Parted, *, covers: bool
    ) -> bool:
        """Runs branches apart and joins what variables point to; True if none goes on.

        Args:
            frame: The frame.
            bodies: Of each branch what stands at its beginning, and its statements.
            parted: Gets what each does.
            covers: Whether one of them is always taken.
        """
        machine = self.machine
        ends: list[dict[Cell, Value]] = []
        before: dict[Cell, Value] = {}
        for guard, body in bodies:
            outer_log, machine.log = machine.log, []
            machine.n_branches += 1
            outer_branch, machine.branch = machine.branch, (*machine.branch, machine.n_branches)
            outer, frame.scope = frame.scope, {}
            steps: list[Raw] = []
            parted.alternatives.append(steps)
            with inside(machine, steps):
                ended = bool(guard is not None and self._by_type[type(guard)](frame, guard))
                parted.n_guards.append(len(steps) if guard is not None else -1)
                ended = ended or self._statements(frame, body)
            frame.leave(outer)
            machine.branch = outer_branch
            changed: dict[Cell, Value] = {}
            for cell, old in reversed(machine.log):
                changed.setdefault(cell, cell.value)
                cell.value = old
                before[cell] = old
            outer_log.extend(machine.log)
            machine.log = outer_log
            if not ended:
                ends.append(changed)
        if not covers:
            ends.append({})
            parted.alternatives.append([])
        machine.here.append(parted)
        for cell, old in before.items():
            values = [changed.get(cell, old) for changed in ends]
            if values:
                joined = values[0]
                for value in values[1:]:
                    joined = union(joined, value)
                cell.value = joined
        return not ends

    def _if(self, frame: Frame, s: If) -> bool:
        self.evaluator.value(frame, s.condition)
        bodies = [(None, s.then), (None, s.otherwise)]
        parted = parted_by(s, frame, self.machine.where(s.pos))
        return self._branches(frame, iter(bodies), parted, covers=True)

    def _switch(self, frame: Frame, s: Switch) -> bool:
        subject = self.evaluator.value(frame, s.subject)

        def bodies() -> Iterator[tuple[Stmt | None, Block]]:
            for position, case in enumerate(s.cases):
                given = s.types[position] if position < len(s.types) else None
                if s.alias:
                    frame.declare(s.alias, Cell(Value(subject.refs, given or subject.type), given))
                yield case.guard, case.body

        outer, frame.scope = frame.scope, {}
        parted = Parted("switch", self.machine.where(s.pos), label=s.label)
        ended = self._branches(frame, bodies(), parted, covers=any(case.is_default for case in s.cases))
        frame.leave(outer)
        return ended and not _breaks(s.cases)

    def _choose(self, frame: Frame, s: Choose) -> bool:
        machine = self.machine
        has_default = any(case.is_default for case in s.cases)
        machine.event("select", s.pos, (), word="default" if has_default else str(len(s.cases)))
        if not s.cases:
            machine.event("select-end", s.pos, ())
            machine.here.append(Parted("select", machine.where(s.pos)))
            return True
        parted = Parted("select-default" if has_default else "select", machine.where(s.pos), label=s.label)
        ended = self._branches(frame, ((case.guard, case.body) for case in s.cases), parted, covers=True)
        machine.event("select-end", s.pos, ())
        return ended and not _breaks(s.cases)

    def _loop(self, frame: Frame, s: Loop) -> bool:
        machine = self.machine
        outer, frame.scope = frame.scope, {}
        tested: list[Raw] = []
        with inside(machine, tested):
            subject = self.evaluator.value(frame, s.subject)
        machine.n_loops += 1
        shape = self.program.under(subject.type) if s.kind == "range" else None
        kind, bound, counted = kind_of_loop(s, shape, frame)
        looped = Looped(
            kind, machine.where(s.pos), bound, counted, machine.n_loops, machine.n_versions, s.label, subject.refs
        )
        if s.kind == "range":
            machine.here.extend(tested)
        else:
            looped.body.extend(tested)
        machine.here.append(looped)
        self._range_variables(frame, s, subject)
        exits = exits_of(s)
        self._note_loop(frame, s, subject, exits)
        machine.loop += 1
        loops, machine.loops = machine.loops, (*machine.loops, machine.n_loops)
        with inside(machine, looped.body):
            self._statements(frame, s.body)
        machine.loops = loops
        machine.loop -= 1
        frame.leave(outer)
        return s.kind == "ever" and not exits.leaves

    def _note_loop(self, frame: Frame, s: Loop, subject: Value, exits: Exits) -> None:
        shape = self.program.under(subject.type) if s.kind == "range" else None
        over_channel = shape is not None and shape.kind == "chan"
        if over_channel:
            self.machine.event("range-channel", s.pos, subject.refs, word="other" if exits.other else "")
        if s.kind != "ever" and not over_channel:
            return
        refs: dict[Ref, None] = dict.fromkeys(subject.refs if over_channel else ())
        for channel in exits.channels:
            refs.update(dict.fromkeys(self.evaluator.value(frame, channel).refs or (Ref(-1),)))
        word = "other" if exits.other else "channels" if refs else "none"
        self.machine.event("loop", s.pos, (), tuple(refs), word=word)

    def _range_variables(self, frame: Frame, s: Loop, subject: Value) -> None:
        if s.kind != "range" or not s.left:
            return
        shape = self.program.under(subject.type)
        values = [NO_VALUE, self.evaluator.elements(subject, s.pos)] if subject.refs else [NO_VALUE, NO_VALUE]
        if shape is not None and shape.kind == "map":
            refs = tuple(r for ref in subject.refs for r in self.machine.load(ref, "key", shape.key, s.pos))
            values[0] = Value(refs, shape.key)
        elif shape is not None and shape.kind == "chan":
            values[0] = values[1]
        for target, value in zip(s.left, values, strict=False):
            if s.define and isinstance(target, Name):
                frame.declare(target.name, Cell(value, value.type))
            else:
                self.storing.set(frame, target, value, s.pos)

    def _send(self, frame: Frame, s: Send) -> None:
        channel = self.evaluator.value(frame, s.channel)
        value = self.evaluator.value(frame, s.value)
        self.storing.keep(channel.refs, value, s.pos)
        for ref in channel.refs:
            self.machine.store(ref, "[]", value, s.pos, "element", adds=True)
        self.machine.event("send", s.pos, channel.refs, value.refs)
        act(self.machine, "send", s.pos, channel.refs, told_of(s.value, frame))

    def _defer(self, frame: Frame, s: Defer) -> None:
        later = Called(True)
        self.machine.here.append(later)
        frame.defers.append((s.call, dict(frame.env), later.body))

    def _go(self, frame: Frame, s: Go) -> None:
        machine, pos = self.machine, s.pos
        if not isinstance(s.call, Call):
            return
        made = machine.make("goroutine", None, pos)
        args = tuple(self.evaluator.value(frame, arg) for arg in s.call.args)
        function = self._callee(frame, s.call)
        for path, value in (("func", function), *(("arg", arg) for arg in args)):
            machine.store(Ref(made.id), path, value, pos, "goroutine", adds=True)
        machine.event("go", pos, (Ref(made.id),), function.refs)
        saved = machine.goroutine, machine.loop, machine.deferred
        machine.goroutine, machine.loop, machine.deferred = made.id, 0, False
        with begun(machine, made.id, pos):
            self.calls.call_value(function, args, s.call)
        machine.goroutine, machine.loop, machine.deferred = saved

    def _callee(self, frame: Frame, call: Call) -> Value:
        return self.evaluator.value(frame, call.callee)


def _never_returns(frame: Frame, expr: Expr) -> bool:
    """Whether a statement is a call that ends the function: panic, os.Exit, log.Fatal, runtime.Goexit."""
    if not isinstance(expr, Call):
        return False
    callee = expr.callee
    if isinstance(callee, Name):
        return callee.name == "panic" and callee.name not in frame.env
    if isinstance(callee, Select) and isinstance(callee.base, Name) and callee.base.name not in frame.env:
        path = frame.func.imports.get(callee.base.name, "")
        return (path, callee.name) in {("os", "Exit"), ("runtime", "Goexit")} or (
            path == "log" and callee.name.startswith(("Fatal", "Panic"))
        )
    return False


def _breaks(cases: Sequence[Case]) -> bool:
    """Whether a case leaves the switch or select by break, so that what follows is reached."""
    return any(_has_break(case.body) for case in cases)


def _has_break(body: Block) -> bool:
    for s in body:
        if isinstance(s, ir.Leave) and s.word == "break" and not s.label:
            return True
        if isinstance(s, If) and (_has_break(s.then) or _has_break(s.otherwise)):
            return True
        if isinstance(s, Group) and _has_break(s.body):
            return True
    return False
