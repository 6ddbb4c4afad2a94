"""What functions of the standard library do to objects: Go's own documentation, one function a name."""

from __future__ import annotations

from goknot.inputs.source.bodies.calls import Known, KnownCalls, Request
from goknot.inputs.source.bodies.durations import seconds_of
from goknot.inputs.source.bodies.gotype import GoType
from goknot.inputs.source.bodies.ir import NIL, Call, Constant, Name
from goknot.inputs.source.bodies.machine import NO_VALUE, Event, Ref, Value
from goknot.inputs.source.bodies.trail import Parted, act, begun, inside

_CONTEXT = GoType("named", "context", "Context")
_KEEPS_NOTHING = frozenset(
    (  # noqa: SIM905 (reads better so)
        "fmt errors strings bytes strconv log math sort unicode unicode/utf8 os path path/filepath time "
        "encoding/json encoding/binary math/rand crypto/rand reflect regexp log/slog sync/atomic unsafe "
        "runtime bufio io hash/fnv slices maps testing"
    ).split()
)


def _finalizer(request: Request) -> tuple[Value, ...]:
    """runtime.SetFinalizer (runtime/mfinal.go)."""
    machine, subject, function = request.machine, request.arg(0), request.arg(1)
    given = request.call.args
    if len(given) > 1 and given[1] == NIL:
        machine.event("clear-finalizer", request.call.pos, subject.refs)
        return ()
    event = machine.event("finalizer", request.call.pos, subject.refs, function.refs)
    _destroy(request, event, function, (subject,))
    return ()


def _destroy(request: Request, event: Event, function: Value, args: tuple[Value, ...]) -> None:
    """Runs a finalizer or cleanup in place, to see what it would release."""
    machine = request.machine
    saved = machine.destructor, machine.branch
    machine.n_branches += 1
    machine.destructor, machine.branch = event.order, (*machine.branch, -machine.n_branches)
    with inside(machine, []):  # when it runs nobody knows
        for ref in function.refs[:2]:
            request.calls.call_object(machine.objects[ref.obj], args, request.call.pos)
    machine.destructor, machine.branch = saved


def _cleanup(request: Request) -> tuple[Value, ...]:
    """runtime.AddCleanup (runtime/mcleanup.go, Go 1.24)."""
    machine = request.machine
    made = machine.make("cleanup", GoType("named", "runtime", "Cleanup"), request.call.pos)
    subject, function, arg = request.arg(0), request.arg(1), request.arg(2)
    event = machine.event("cleanup", request.call.pos, subject.refs, function.refs, arg.refs, (Ref(made.id),))
    _destroy(request, event, function, (arg,))
    return (Value((Ref(made.id),), made.type),)


def _stop_cleanup(request: Request) -> tuple[Value, ...]:
    request.machine.event("clear-cleanup", request.call.pos, request.receiver.refs)
    return ()


def _new_handle(request: Request) -> tuple[Value, ...]:
    """cgo.NewHandle (runtime/cgo/handle.go): a global table holds the value until Delete."""
    machine = request.machine
    made = machine.make("handle", GoType("named", "runtime/cgo", "Handle"), request.call.pos)
    machine.store(Ref(made.id), "value", Value(request.arg(0).refs), request.call.pos, "handle", adds=True)
    machine.event("handle-new", request.call.pos, (Ref(made.id),), request.arg(0).refs)
    return (Value((Ref(made.id),), made.type),)


def _subject(kind: str) -> Known:
    def note(request: Request) -> tuple[Value, ...]:
        others = tuple(value.refs for value in request.args)
        request.machine.event(kind, request.call.pos, request.receiver.refs, *others)
        return ()

    return note


def _first(kind: str) -> Known:
    def note(request: Request) -> tuple[Value, ...]:
        others = tuple(value.refs for value in request.args[1:])
        request.machine.event(kind, request.call.pos, request.arg(0).refs, *others)
        return ()

    return note


def _as_handle(request: Request) -> tuple[Value, ...]:
    """The conversion of a number."""
    return (Value(request.arg(0).refs, GoType("named", "runtime/cgo", "Handle")),)


def _notify(request: Request) -> tuple[Value, ...]:
    """signal.Notify: the runtime sends on the channel."""
    request.machine.escape(request.arg(0), request.call.pos)
    request.machine.event("notify", request.call.pos, request.arg(0).refs)
    return ()


def _publish(request: Request) -> tuple[Value, ...]:
    """expvar.Publish: a map of the library holds the variable; a name that comes twice ends the program."""
    machine, value = request.machine, request.arg(1)
    machine.escape(value, request.call.pos)
    named = request.call.args[:1]
    word = "constant" if named and isinstance(named[0], Constant) else "expvar"
    machine.event("publish", request.call.pos, value.refs, word=word)
    return ()


def _reflected(request: Request) -> tuple[Value, ...]:
    """reflect.ValueOf: what is done by reflection is not seen."""
    request.machine.escape(request.arg(0), request.call.pos)
    return ()


def _handle_value(request: Request) -> tuple[Value, ...]:
    return (request.calls.evaluator.follow(Value(request.receiver.refs), [], request.call.pos),)


def _weak_make(request: Request) -> tuple[Value, ...]:
    """weak.Make (Go 1.24): holds nothing."""
    made = request.machine.make("weak", GoType("named", "weak", "Pointer"), request.call.pos)
    made.receiver = request.arg(0).refs
    return (Value((Ref(made.id),), made.type),)


def _weak_value(request: Request) -> tuple[Value, ...]:
    objects = request.machine.objects
    return (Value(tuple(target for ref in request.receiver.refs for target in objects[ref.obj].receiver)),)


def _background(request: Request) -> tuple[Value, ...]:
    made = request.machine.make("context", _CONTEXT, request.call.pos, detail="background")
    return (Value((Ref(made.id),), _CONTEXT),)


def _with(word: str) -> Known:
    """context.WithCancel and its like (context/context.go): a cancellable parent holds the child until that is."""

    def derive(request: Request) -> tuple[Value, ...]:
        machine, pos, parent = request.machine, request.call.pos, request.arg(0)
        context = machine.make("context", _CONTEXT, pos, detail=word)
        machine.store(Ref(context.id), "parent", parent, pos, "context", adds=True)
        context.receiver = parent.refs
        if word == "WithValue":
            machine.store(Ref(context.id), "value", Value(request.arg(2).refs), pos, "library", adds=True)
            return (Value((Ref(context.id),), _CONTEXT),)
        cancel = machine.make("cancel", GoType("func"), pos)
        machine.store(Ref(cancel.id), "context", Value((Ref(context.id),)), pos, "context", adds=True)
        said = f"{word} {_seconds(request, 1)}" if word.startswith(("WithTimeout", "WithDeadline")) else word
        machine.event("context", pos, (Ref(context.id),), parent.refs, (Ref(cancel.id),), word=said)
        return Value((Ref(context.id),), _CONTEXT), Value((Ref(cancel.id),), GoType("func"))

    return derive


def _seconds(request: Request, index: int) -> int:
    """Seconds that an argument stands for, as `durations` reads them."""
    args = request.call.args
    package = request.frame.func.package
    return seconds_of(request.machine.program, package, args[index]) if len(args) > index else -1


def _done(request: Request) -> tuple[Value, ...]:
    """A context's Done channel stands for the context."""
    return (Value(request.receiver.refs, GoType("chan")),)


def _after_func(request: Request) -> tuple[Value, ...]:
    """time.AfterFunc: the timer holds the function until it fires or is stopped."""
    machine, function = request.machine, request.arg(1)
    timer = machine.make("timer", GoType("ptr", elem=GoType("named", "time", "Timer")), request.call.pos)
    word = str(_seconds(request, 0))
    machine.event("after", request.call.pos, (Ref(timer.id),), function.refs, word=word)
    run_apart(request, function)
    return (Value((Ref(timer.id),), timer.type),)


def _context_after_func(request: Request) -> tuple[Value, ...]:
    """context.AfterFunc (Go 1.21): the context holds the function until it is done or stop is called."""
    machine, function = request.machine, request.arg(1)
    stop = machine.make("stop", GoType("func"), request.call.pos)
    machine.event("context-after", request.call.pos, (Ref(stop.id),), function.refs, request.arg(0).refs)
    run_apart(request, function)
    return (Value((Ref(stop.id),), stop.type),)


def run_apart(request: Request, function: Value) -> None:
    """Runs a function that another goroutine will run, in place."""
    machine = request.machine
    for ref in function.refs[:2]:
        made = machine.make("goroutine", None, request.call.pos, detail="timer")
        saved, machine.goroutine = machine.goroutine, made.id
        with begun(machine, made.id, request.call.pos, maybe=True):
            request.calls.call_object(machine.objects[ref.obj], (), request.call.pos)
        machine.goroutine = saved


def _go_method(request: Request) -> tuple[Value, ...]:
    """sync.WaitGroup.Go (Go 1.25), errgroup.Group.Go: what starts is waited for."""
    act(request.machine, "add", request.call.pos, request.receiver.refs, "1")
    start_goroutine(request, request.arg(0), (), request.receiver)
    return ()


def start_goroutine(request: Request, function: Value, args: tuple[Value, ...], group: Value) -> None:
    """A goroutine that holds a function and its arguments, and what it does; its end is told to a group."""
    machine, pos = request.machine, request.call.pos
    made = machine.make("goroutine", None, pos)
    machine.store(Ref(made.id), "func", function, pos, "goroutine", adds=True)
    for value in args:
        machine.store(Ref(made.id), "arg", value, pos, "goroutine", adds=True)
    machine.event("go", pos, (Ref(made.id),), function.refs)
    saved, machine.goroutine = (machine.goroutine, machine.loop), made.id
    machine.loop = 0
    with begun(machine, made.id, pos):
        request.calls.call_value(function, args, request.call)
        act(machine, "done", pos, group.refs)
    machine.goroutine, machine.loop = saved


def _call_first(request: Request) -> tuple[Value, ...]:
    """sync.Once.Do: it may have run before."""
    once = Parted("once", request.machine.where(request.call.pos), alternatives=[[], []])
    with inside(request.machine, once.alternatives[0]):
        request.calls.call_value(request.arg(0), (), request.call)
    request.machine.here.append(once)
    return ()


def _act(kind: str) -> Known:
    """Something that can wait, or end a wait: sync/mutex.go, sync/rwmutex.go, sync/waitgroup.go, sync/cond.go."""

    def note(request: Request) -> tuple[Value, ...]:
        act(request.machine, kind, request.call.pos, request.receiver.refs)
        return ()

    return note


def _add(request: Request) -> tuple[Value, ...]:
    """sync.WaitGroup.Add."""
    amount = request.call.args[0] if request.call.args else NIL
    word = amount.text if isinstance(amount, Constant) else ""
    if isinstance(amount, Name) and amount.name not in request.frame.func.counted:
        word = amount.name
    elif isinstance(amount, Call) and amount.callee == Name("len", amount.pos):
        word = "len"
    act(request.machine, "add", request.call.pos, request.receiver.refs, word)
    return ()


def _new_cond(request: Request) -> tuple[Value, ...]:
    """sync.NewCond: Wait gives up the lock for a while."""
    given = GoType("named", "sync", "Cond")
    made = request.machine.make("new", given, request.call.pos)
    request.machine.store(Ref(made.id), "L", Value(request.arg(0).refs), request.call.pos, adds=True)
    act(request.machine, "cond", request.call.pos, request.arg(0).refs)
    return (Value((Ref(made.id),), GoType("ptr", elem=given)),)


def _same(request: Request) -> tuple[Value, ...]:
    """What returns its first argument."""
    return (request.arg(0),)


def _atomic_store(request: Request) -> tuple[Value, ...]:
    value = request.args[-1] if request.args else NO_VALUE
    if not request.receiver.refs:
        request.machine.escape(value, request.call.pos)
    for ref in request.receiver.refs:
        request.machine.store(ref, "value", Value(value.refs), request.call.pos, "library", adds=True)
    return ()


def _atomic_load(request: Request) -> tuple[Value, ...]:
    refs: dict[Ref, None] = {}
    for ref in request.receiver.refs:
        refs.update(dict.fromkeys(request.machine.load(ref, "value", None, request.call.pos)))
    return (Value(tuple(refs)),)


def _map_store(request: Request) -> tuple[Value, ...]:
    """sync.Map.Store."""
    key, value = request.arg(0), request.arg(1)
    _store_in_map(request.receiver, key, value, request)
    return ()


def _store_in_map(base: Value, key: Value, value: Value, request: Request) -> None:
    """Puts a key and a value in a map."""
    machine, pos = request.machine, request.call.pos
    if not base.refs:
        machine.escape(key, pos)
        machine.escape(value, pos)
    for ref in base.refs:
        machine.store(ref, "key", Value(key.refs), pos, "library", adds=True)
        machine.store(ref, "[]", Value(value.refs), pos, "library", adds=True)
    machine.event("map-store", pos, base.refs, key.refs, value.refs, word="library")


def _maker(package: str, name: str) -> Known:
    """A constructor of a type that `_keeper` methods store into."""

    def make(request: Request) -> tuple[Value, ...]:
        given = GoType("named", package, name)
        made = request.machine.make("new", given, request.call.pos)
        return (Value((Ref(made.id),), GoType("ptr", elem=given)),)

    return make


def _keeper(request: Request) -> tuple[Value, ...]:
    """A method whose receiver keeps its arguments, and whose result leads to them."""
    machine, pos = request.machine, request.call.pos
    for value in request.args if not request.receiver.refs else ():
        machine.escape(value, pos)
    for ref in request.receiver.refs:
        for value in request.args:
            machine.store(ref, "[]", Value(value.refs), pos, "library", adds=True)
    machine.event("append", pos, request.receiver.refs, tuple(ref for value in request.args for ref in value.refs))
    made = machine.make("new", None, pos, detail="element")
    for value in request.args:
        machine.store(Ref(made.id), "Value", Value(value.refs), pos, "library", adds=True)
    return (Value((Ref(made.id),)),)


def _holder(request: Request) -> tuple[Value, ...]:
    """A function whose result keeps its argument: sync.OnceFunc, sync.OnceValue."""
    machine, pos = request.machine, request.call.pos
    made = machine.make("closure", GoType("func"), pos)
    machine.store(Ref(made.id), "func", Value(request.arg(0).refs), pos, "library", adds=True)
    function = [machine.objects[ref.obj] for ref in request.arg(0).refs[:1]]
    for inner in function:
        made.func, made.cells = inner.func, dict(inner.cells)
    return (Value((Ref(made.id),), made.type),)


def known_calls() -> KnownCalls:
    """The table."""
    functions: dict[tuple[str, str], Known] = {
        ("runtime", "SetFinalizer"): _finalizer,
        ("runtime", "AddCleanup"): _cleanup,
        ("runtime/cgo", "NewHandle"): _new_handle,
        ("runtime/cgo", "Handle"): _as_handle,
        ("weak", "Make"): _weak_make,
        ("context", "Background"): _background,
        ("context", "TODO"): _background,
        ("context", "WithoutCancel"): _background,
        ("time", "AfterFunc"): _after_func,
        ("context", "AfterFunc"): _context_after_func,
        ("os/signal", "Notify"): _notify,
        ("expvar", "Publish"): _publish,
        ("expvar", "Func"): _same,
        ("reflect", "ValueOf"): _reflected,
        ("golang.org/x/sync/errgroup", "WithContext"): _maker("golang.org/x/sync/errgroup", "Group"),
        ("os/signal", "Stop"): _first("notify-stop"),
        ("sync", "OnceFunc"): _holder,
        ("sync", "OnceValue"): _holder,
        ("sync", "OnceValues"): _holder,
        ("net/http", "NewServeMux"): _maker("net/http", "ServeMux"),
        ("container/list", "New"): _maker("container/list", "List"),
        ("slices", "Delete"): _same,
        ("slices", "DeleteFunc"): _same,
        ("slices", "Clone"): _same,
        ("maps", "DeleteFunc"): _first("map-delete"),
    }
    for word in (
        "WithCancel",
        "WithTimeout",
        "WithDeadline",
        "WithCancelCause",
        "WithTimeoutCause",
        "WithDeadlineCause",
    ):
        functions["context", word] = _with(word)
    functions["context", "WithValue"] = _with("WithValue")
    functions["os/signal", "NotifyContext"] = _with("NotifyContext")
    methods: dict[tuple[str, str, str], Known] = {
        ("runtime", "Cleanup", "Stop"): _stop_cleanup,
        ("runtime/cgo", "Handle", "Delete"): _subject("handle-delete"),
        ("runtime/cgo", "Handle", "Value"): _handle_value,
        ("runtime", "Pinner", "Pin"): _subject("pin"),
        ("runtime", "Pinner", "Unpin"): _subject("unpin"),
        ("weak", "Pointer", "Value"): _weak_value,
        ("context", "Context", "Done"): _done,
        ("time", "Timer", "Stop"): _subject("timer-stop"),
        ("time", "Timer", "Reset"): _subject("timer-reset"),
        ("sync", "Once", "Do"): _call_first,
        ("sync", "WaitGroup", "Go"): _go_method,
        ("golang.org/x/sync/errgroup", "Group", "Go"): _go_method,
        ("net/http", "ServeMux", "Handle"): _keeper,
        ("net/http", "ServeMux", "HandleFunc"): _keeper,
        ("container/list", "List", "PushBack"): _keeper,
        ("container/list", "List", "PushFront"): _keeper,
        ("sync", "Map", "Store"): _map_store,
        ("sync", "Map", "LoadOrStore"): _map_store,
        ("sync", "Map", "Delete"): _subject("map-delete"),
        ("sync", "Map", "LoadAndDelete"): _subject("map-delete"),
        ("sync", "Map", "Clear"): _subject("map-delete"),
        ("sync", "Pool", "Put"): _subject("pool-put"),
        ("sync/atomic", "Pointer", "Store"): _atomic_store,
        ("sync/atomic", "Pointer", "Swap"): _atomic_store,
        ("sync/atomic", "Pointer", "Load"): _atomic_load,
        ("sync/atomic", "Value", "Store"): _atomic_store,
        ("sync/atomic", "Value", "Load"): _atomic_load,
    }
    functions["sync", "NewCond"] = _new_cond
    for name in ("Lock", "Unlock", "RLock", "RUnlock", "TryLock", "TryRLock"):
        for owner in ("Mutex", "RWMutex"):
            methods["sync", owner, name] = _act(name.lower())
    methods["sync", "WaitGroup", "Add"] = _add
    methods["sync", "WaitGroup", "Done"] = _act("done")
    methods["sync", "WaitGroup", "Wait"] = _act("wait")
    methods["golang.org/x/sync/errgroup", "Group", "Wait"] = _act("wait")
    methods["sync", "Cond", "Wait"] = _act("cond-wait")
    methods["sync", "Cond", "Signal"] = methods["sync", "Cond", "Broadcast"] = _act("signal")
    for name in ("Err", "Value", "Deadline"):
        methods["context", "Context", name] = lambda request: ()
    return KnownCalls(functions, methods, _KEEPS_NOTHING)
