"""A Go type as far as finding objects needs it: what is a pointer, what lies in the same allocation, whose method."""

from __future__ import annotations

from dataclasses import dataclass

BASIC = frozenset(
    (  # noqa: SIM905 (reads better so)
        "bool byte complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint "
        "uint8 uint16 uint32 uint64 uintptr any comparable"
    ).split()
)


@dataclass(frozen=True, slots=True)
class GoType:
    """A type expression with its package names resolved; type arguments are dropped.

    Attributes:
        kind: `named`, `basic`, `ptr`, `slice`, `array`, `map`, `chan`, `func`, `struct`, `iface`.
        package: Import path of a named type's package.
        name: Name of a named or basic type.
        elem: What a pointer, slice, array, map or channel leads to; the first result of a function.
        key: Key of a map.
        fields: (name, type, whether embedded) of a struct; results of a function as (name, type, False).
    """

    kind: str
    package: str = ""
    name: str = ""
    elem: GoType | None = None
    key: GoType | None = None
    fields: tuple[tuple[str, GoType | None, bool], ...] = ()

    def label(self, home: str = "") -> str:
        """How a person writes it; the package name is left out at home."""
        inner = self.elem.label(home) if self.elem else "?"
        if self.kind == "named" and self.package and self.package != home:
            return f"{self.package.rpartition('/')[2]}.{self.name.partition('·')[0]}"
        key = self.key.label(home) if self.key else "?"
        shapes = {
            "ptr": f"*{inner}",
            "slice": f"[]{inner}",
            "array": f"[…]{inner}",
            "map": f"map[{key}]{inner}",
            "chan": f"chan {inner}",
            "func": "func",
            "struct": "struct",
            "iface": "interface",
        }
        return shapes.get(self.kind) or self.name.partition("·")[0]


def is_a(given: GoType | None, package: str, name: str) -> bool:
    """Whether a type, or what it points to, is `package.name`."""
    if given is not None and given.kind == "ptr":
        given = given.elem
    return given is not None and given.kind == "named" and given.package == package and given.name == name
