"""What is said of each reason: why a ring has its verdict, and what to do about it."""

from __future__ import annotations

from goknot.analyses.heap.verdicts import Reason

KIND_BY_REASON = {
    Reason.FINALIZER_IN_RING: "finalizer-in-ring",
    Reason.CLEANUP_HOLDS_OBJECT: "cleanup-holds-object",
    Reason.WEAK_KEY: "weak-map-ring",
    Reason.CGO_HANDLE: "cgo-handle-ring",
}
PLAIN_KIND = "heap-ring"

# {special}: the finalizer or cleanup; {holder}: what holds it, where something does
REASON = {
    Reason.FINALIZER_IN_RING: "A member has a {special}. Go keeps all that such an object points to, so it keeps the "
    "ring, the object itself included, and the finalizer never runs.",
    Reason.CLEANUP_HOLDS_OBJECT: "The {special} reaches the very object it waits for, so that object never dies and "
    "the cleanup never runs.",
    Reason.HELD_BY_STUCK: "A {special} that can never run holds it.",
    Reason.LEAKED_GOROUTINE: "Only goroutines that nothing can wake hold it, such as {holder}.",
    Reason.WEAK_KEY: "The map's value reaches the map's weak key, so the map itself keeps the key alive and the entry "
    "never goes.",
    Reason.ROOT: "Held by {holder}; the collector frees it once that lets go.",
    Reason.TIMER: "Held by a pending timer ({holder}) until it fires or is stopped.",
    Reason.RUNTIME: "Held by the runtime's own structures ({holder}).",
    Reason.CGO_HANDLE: "Held by a cgo.Handle until somebody calls its Delete.",
    Reason.POOL: "Only a sync.Pool holds it; two collections let it go.",
    Reason.QUEUE: "Held by a finalizer or cleanup that is queued to run, and freed after it.",
    Reason.PENDING_SPECIAL: "Nothing holds it but a {special} that is due: collected once that has run.",
    Reason.UNREACHABLE: "Nothing holds it: the next collection frees it. A plain ring is no leak in Go.",
    Reason.GARBAGE_WAITING: "Found dead already; freed when its span is swept. A plain ring is no leak in Go.",
}
OF_PLUGIN = " Go never unloads plugins: {plugin} holds it until the variable is cleared or the process ends."
STILL_HELD = (
    " Today {holder} holds it too; that letting go will not free it, unless the program clears the {kind} first."
)

# (move, how) by reason; none for what needs nothing
MOVE = {
    Reason.FINALIZER_IN_RING: (
        "finalizer-outside-ring",
        "Put what must be released (the descriptor, the C pointer) into a small object of its own that points to "
        "nothing of the ring, and set the finalizer there; or use runtime.AddCleanup (Go 1.24) with that resource as "
        "argument.",
    ),
    Reason.CLEANUP_HOLDS_OBJECT: (
        "cleanup-without-object",
        "Give runtime.AddCleanup only what must be released as argument, and a function that captures neither the "
        "object nor anything that points to it.",
    ),
    Reason.HELD_BY_STUCK: (
        "free-the-special",
        "Mend the {special} that cannot run (see its own knot); this goes with it.",
    ),
    Reason.LEAKED_GOROUTINE: (
        "end-the-wait",
        "See to it that the goroutine ends (its own knot says what it waits for); this goes with it.",
    ),
    Reason.WEAK_KEY: (
        "weak-value",
        "Let the value hold its key weakly (weak.Pointer), or not at all; or keep what belongs to the key in the key.",
    ),
    Reason.CGO_HANDLE: ("delete-handle", "Call Delete on the handle when C no longer needs it."),
    Reason.ROOT: ("let-go", "If it should be gone: {let_go}."),
    Reason.TIMER: ("stop-timer", "If it should be gone: call Stop on the timer."),
}
# A runtime.Pinner notes what it pins behind a finalizer of its own (runtime/pinner.go)
PINNER = "finalizer runtime.(*Pinner)."
PIN_KIND = "pin-never-unpinned"
PIN_REASON = (
    "A runtime.Pinner that was never unpinned pins what leads back to it. Its finalizer, which would end the program "
    "with a message about that, never runs."
)
PIN_MOVE = ("unpin", "Call Unpin when C no longer needs the memory, e.g. in a defer right after Pin.")
GOROUTINE_MOVE = (
    "end-the-wait",
    "Give the goroutine a way out: close the channel when its last sender is gone, select on a context's Done as well, "
    "or make the channel large enough that nobody has to wait.",
)
JANITOR_REASON = (
    "The goroutine's stack holds {kept} and nothing else does, so its {special} never runs; and only that would use "
    "the {what} on which the goroutine waits to be ended."
)
JANITOR_MOVE = (
    "thin-wrapper",
    "Hand callers a thin wrapper around what the goroutine holds and set the finalizer (or cleanup) on the wrapper; or "
    "let the goroutine hold a weak.Pointer (Go 1.24); or end it in a Close that everybody calls.",
)
