"""Types of a Go program as its source declares them, and what leads from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = -1  # an offset or size that the source does not tell


@dataclass(frozen=True, slots=True)
class SourceField:
    """A field of a struct.

    Attributes:
        name: Its name; of an embedded field that of its type.
        type: The type as Go writes it, packages by import path.
        offset: Where it lies in the struct, in bytes; `UNKNOWN` if the source does not tell.
        embedded: Whether its own fields and methods are promoted.
        file: Where it is declared, relative to the scanned folder; of other modules an absolute path.
        line: From 1.
    """

    name: str
    type: str
    offset: int
    embedded: bool
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class SourceType:
    """A named type.

    Attributes:
        name: Import path, a dot, and the name.
        package: Import path.
        key: What identifies it in fingerprints: free of where the root lies and of the main module's path.
        kind: What it is made of: `struct`, `interface`, `map`, `slice`, `array`, `chan`, `func`, `pointer`, `basic`,
            `unknown`.
        size: In bytes; `UNKNOWN` if the source does not tell.
        fields: Of a struct, in order; others have none.
        asked_for: Whether it lies in the scanned folder.
    """

    name: str
    package: str
    key: str
    kind: str
    file: str
    line: int
    column: int
    size: int = UNKNOWN
    fields: tuple[SourceField, ...] = ()
    asked_for: bool = True


@dataclass(frozen=True, slots=True, order=True)
class TypeEdge:
    """One way from a type to another.

    Attributes:
        source: Index into the graph's types.
        target: Index into the graph's types.
        kind: `pointer`, `value`, `slice`, `array`, `map-key`, `map-value`, `chan`, `func` (a signature mentions it),
            `interface` (a value of the target's type may lie in it), `embeds` (of interfaces), `type-argument`.
        field: Path from the source to what holds it, structs without a name flattened: `a.b`, `b[]`, `b[key]`; empty
            if the source is no struct.
        offset: Where that lies in the source, in bytes; `UNKNOWN` if the source does not tell.
        file: Where the field is declared.
        line: From 1.
        through: The interface that stands between, for edges of kind `interface`.
    """

    source: int
    target: int
    kind: str
    field: str
    offset: int
    file: str
    line: int
    through: str = ""

    @property
    def holds(self) -> bool:
        """Whether it leads to another allocation; by-value members lie in the same one."""
        return self.kind in {"pointer", "slice", "map-key", "map-value", "chan", "interface"}


@dataclass(frozen=True, slots=True)
class TypeGraph:
    """The named types of a program.

    Attributes:
        types: Sorted by package and name.
        edges: Sorted.
    """

    types: tuple[SourceType, ...]
    edges: tuple[TypeEdge, ...]
