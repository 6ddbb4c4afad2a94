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
