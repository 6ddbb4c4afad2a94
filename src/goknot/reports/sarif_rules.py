"""What a code scanning page says about each kind of knot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of knot as a rule.

    Attributes:
        short: What was found, a few words.
        full: What it does, one or two sentences.
        help: How to undo it; Markdown without links, so that it serves as plain text as well.
        level: How loud it is unless a knot's verdict says otherwise.
    """

    short: str
    full: str
    help: str
    level: str


_CUT = (
    "Each result draws the tightest ring, names the cheapest set of imports whose removal undoes the whole ring, and "
    "the refactoring for each: move what is shared to a leaf package, declare a small interface on the consumer's "
    "side, or hand a function in. `goknot explain` has an example."
)

RULES = {
    "import-ring": Rule(
        "Import cycle",
        "Packages import each other in a ring. The Go compiler refuses them: import cycle not allowed.",
        _CUT,
        "error",
    ),
    "self-import": Rule(
        "Package imports itself",
        "A package imports itself, often after files were moved. The Go compiler refuses it.",
        "Remove the import and the qualifier; the names are in the package's own scope.",
        "error",
    ),
    "test-import-ring": Rule(
        "Import cycle through a test",
        "A _test.go file that is part of its package imports something that imports the package. go build passes, "
        "go vet and go test refuse it: import cycle not allowed in test.",
        "Give the file the external test package (`package x_test`), which may import what imports x. What it needs of "
        "x's unexported names goes to an export_test.go file.",
        "error",
    ),
    "finalizer-in-ring": Rule(
        "Finalizer inside a ring",
        "An object with a finalizer leads back to itself. Go keeps what such an object points to, so it keeps the "
        "object, and the finalizer never runs.",
        "Set the finalizer on a small object outside of the ring that holds only what must be released, or use "
        "runtime.AddCleanup with that as argument. `goknot explain finalizer-in-ring` has an example.",
        "error",
    ),
    "cleanup-holds-object": Rule(
        "Cleanup holds its object",
        "A cleanup's function or argument reaches the object it waits for, so that never dies and the cleanup never "
        "runs.",
        "Hand over only what must be released, and capture nothing. `goknot explain cleanup-holds-object` has an "
        "example.",
        "error",
    ),
    "weak-map-ring": Rule(
        "Weak map keeps its own keys",
        "The values of a weakly keyed map reach its keys, so that no entry ever goes.",
        "Let the values hold their keys weakly, or not at all. `goknot explain weak-map-ring` has an example.",
        "error",
    ),
    "goroutine-blocked": Rule(
        "Goroutine blocked for ever",
        "A goroutine waits for what only it, or others that wait for ever, can reach. It and all it holds stay.",
        "Give it a way out: close the channel, select on a context's Done, or make room in the channel. "
        "`goknot explain goroutine-blocked` has an example.",
        "error",
    ),
    "pin-never-unpinned": Rule(
        "Pinner inside what it pins",
        "A runtime.Pinner that was never unpinned pins what leads back to it; both stay for ever.",
        "Call Unpin when C no longer needs the memory. `goknot explain pin-never-unpinned` has an example.",
        "error",
    ),
    "cgo-handle-ring": Rule(
        "Ring kept by a cgo.Handle",
        "A ring of objects stays until the cgo.Handle that leads to it is deleted.",
        "Call Delete on the handle when C gives the object back. `goknot explain cgo-handle-ring` has an example.",
        "warning",
    ),
    "heap-ring": Rule(
        "Ring of live objects",
        "Objects point to each other. Go's collector frees rings; this one is held by the root that the result names.",
        "If it should be gone, let go of it there. `goknot explain heap-ring` has an example.",
        "note",
    ),
    "folder-ring": Rule(
        "Folders import each other",
        "Folders whose packages import each other in a ring. Go compiles them, but none can be understood, tested or "
        "moved out without the others.",
        _CUT,
        "warning",
    ),
    "layer-violation": Rule(
        "Forbidden import between layers",
        "goknot.toml forbids one group of folders to reach another, and the code does.",
        "Turn the direction round with an interface declared where it is used, move the code to the layer it belongs "
        "to, or change the rule in goknot.toml.",
        "warning",
    ),
    "type-ring": Rule(
        "Types hold each other",
        "Types whose fields, or the interfaces they implement, lead from one to the next and back. Go's collector "
        "frees rings of such objects; a finalizer on one of them would leak.",
        "Hold an id, a function or a small interface instead where a part must live or be tested alone.",
        "note",
    ),
    "module-ring": Rule(
        "Modules require each other",
        "Modules that require each other in a ring. The build picks one version of each, but none can be released or "
        "updated alone. Each requirement says whether source proves it to be an import, test-only, or none.",
        "Drop requirements that nothing imports with `go mod tidy`, move tests that close the ring to a module of "
        "their own, or move what is shared to a third module.",
        "warning",
    ),
}


def rule_of(kind: str) -> Rule:
    """The rule of a kind; a plain one for a kind without an entry."""
    plain = f"A knot of kind {kind}."
    return RULES.get(kind, Rule(kind, plain, "The result says why it was reported and how to undo it.", "warning"))
