"""What a report shows beyond its knots: who keeps what, goroutines, folders that depend on each other, source."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeptNode:
    """A node of the folded dominator tree: objects of one type that are kept in the same way.

    Attributes:
        parent: Index of the node above; -1 for the roots. Always smaller than the node's own index.
        name: A root, or a type.
        kind: `root`, `object` or `rest` (what was too small to be drawn alone).
        objects: How many objects.
        bytes: Their own bytes.
        retained_bytes: What goes when they go.
    """

    parent: int
    name: str
    kind: str
    objects: int
    bytes: int
    retained_bytes: int


@dataclass(frozen=True, slots=True)
class FolderMatrix:
    """The dependency structure matrix of folders.

    Attributes:
        folders: In an order that puts what is depended on last and the members of a ring side by side.
        ring_by_folder: folder -> number of the ring that it, or the folder above it, is in; -1 if there is none.
        edges: (from, to, imports between their packages), sorted.
    """

    folders: tuple[str, ...]
    ring_by_folder: tuple[int, ...]
    edges: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class GoroutineSize:
    """Goroutines of one stack that wait for the same.

    Attributes:
        function: The innermost function that says what they do.
        waits: Why they wait, in Go's words; their status if they do not.
        leaked: Nothing can wake them.
        goroutines: How many.
        retained_bytes: What each one's stack alone keeps, summed.
        goid: Go's number for one of them.
        created_at: Function and line of its `go` statement; empty if not known.
        stack: (function, `file:line` or empty) of its frames, innermost first.
    """

    function: str
    waits: str
    leaked: bool
    goroutines: int
    retained_bytes: int
    goid: int
    created_at: str
    stack: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a source file that something in the report points at, with some around them.

    Attributes:
        file: As the report names it.
        line: Number of the first line, from 1.
        lines: Without line ends; long ones are cut.
    """

    file: str
    line: int
    lines: tuple[str, ...]
