"""What C types look like in memory, so that two descriptions of them can be compared; amd64 and arm64."""

from __future__ import annotations

from dataclasses import dataclass

StructField = tuple[str, int, str]  # name, offset, text of its shape
BASE = frozenset(("char", "short", "int", "long", "float", "double", "signed", "unsigned", "_Bool", "_Complex"))


@dataclass(frozen=True, slots=True)
class Shape:
    """A type without its name.

    Attributes:
        text: Equal texts are equal in memory: `i64`, `u8`, `f64`, `ptr`, `{0:ptr,8:i64}`; `?` where it is not known.
        n_bytes: None where it is not known.
    """

    text: str
    n_bytes: int | None
    align: int = 1

    @property
    def is_known(self) -> bool:
        """Whether all of it is understood."""
        return "?" not in self.text


POINTER, VOID, UNKNOWN = Shape("ptr", 8, 8), Shape("void", 0), Shape("?", None)


def integer(n_bytes: int, signed: bool) -> Shape:
    """An integer."""
    return Shape(f"{'i' if signed else 'u'}{8 * n_bytes}", n_bytes, n_bytes)


PRELUDE = {
    **{f"{'' if signed else 'u'}int{8 * n}_t": integer(n, signed) for n in (1, 2, 4, 8) for signed in (True, False)},
    "size_t": integer(8, False), "ssize_t": integer(8, True), "ptrdiff_t": integer(8, True),
    "intptr_t": integer(8, True), "uintptr_t": integer(8, False), "bool": integer(1, False),
}  # fmt: skip


def base_shape(kind: str, long_bytes: int = 8) -> Shape:
    """C's own types, in any order of words: `unsigned long int`."""
    words = kind.split()
    if not words or not BASE.issuperset(words):
        return UNKNOWN
    if "float" in words or "double" in words:
        n_bytes = 4 if "float" in words else 16 if "long" in words else 8
        if "_Complex" in words:
            return Shape(f"c{16 * n_bytes}", 2 * n_bytes, n_bytes)
        return Shape(f"f{8 * n_bytes}", n_bytes, n_bytes)
    if "_Bool" in words:
        return integer(1, False)
    sizes = {"char": 1, "short": 2}
    n_bytes = next((sizes[word] for word in words if word in sizes), 4)
    if words.count("long"):
        n_bytes = 8 if words.count("long") > 1 else long_bytes
    return integer(n_bytes, "unsigned" not in words)


MAX_TEXT = 4096


def array_of(n: int, element: Shape) -> Shape:
    """An array."""
    if element.n_bytes is None or len(element.text) > MAX_TEXT:
        return UNKNOWN
    return Shape(f"[{n}]{element.text}", n * element.n_bytes, element.align)


def struct_of(fields: list[Shape]) -> Shape:
    """A struct of these fields, each at its natural alignment."""
    at, align, parts = 0, 1, []
    for field in fields:
        if field.n_bytes is None or len(field.text) > MAX_TEXT:
            return UNKNOWN
        at = -(-at // field.align) * field.align
        parts.append((at, field.text))
        at, align = at + field.n_bytes, max(align, field.align)
    return Shape(struct_text(parts), -(-at // align) * align, align)


def struct_text(parts: list[tuple[int, str]]) -> str:
    """The text of a struct: (offset, text) of its fields."""
    return "{" + ",".join(f"{off}:{text}" for off, text in parts) + "}"
