"""What a report is drawn from beyond its knots: who keeps what, and how folders depend on each other."""

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
