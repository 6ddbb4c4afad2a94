"""Sizes, alignments and offsets as gc lays them out (go/types/gcsizes.go, cmd/compile/internal/types/size.go)."""

from __future__ import annotations

from goknot.inputs.source.types.forms import (
    Array,
    Basic,
    Chan,
    Form,
    Func,
    Interface,
    Map,
    Named,
    Pointer,
    Slice,
    Struct,
)
from goknot.inputs.source.types.resolver import Resolver
from goknot.model.gotypes import UNKNOWN

# GOARCH -> bytes of a word, largest alignment (go/types/sizes.go gcArchSizes)
_SMALL = frozenset(("386", "arm", "mips", "mipsle"))
_SIZE = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "float32": 4,
    "int64": 8, "uint64": 8, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip
_ALIGN64 = (("sync/atomic", "align64"), ("internal/runtime/atomic", "align64"))
_MAX_DEPTH = 100
_MAX_SIZE = 1 << 50  # Go has no larger types


class Sizes:
    """Sizes of types on one architecture; `UNKNOWN` where a type parameter or something not found is in the way.

    Attributes:
        n_cut: How often types lay by value in others more deeply than is followed.
    """

    def __init__(self, resolver: Resolver, goarch: str) -> None:
        self.resolver = resolver
        self.word = 4 if goarch in _SMALL else 8
        self.n_cut = 0
        self._known: dict[Form, tuple[int, int]] = {}
        self._laid_out: dict[Struct, tuple[list[int], int, int]] = {}
        self._open: set[Form] = set()

    def size_and_align(self, form: Form, depth: int = 0) -> tuple[int, int]:
        """Bytes a value takes, and what its address is a multiple of."""
        if isinstance(form, Pointer | Map | Chan | Func):
            return self.word, self.word
        found = self._known.get(form)
        if found is not None:
            return found
        if form in self._open:
            return UNKNOWN, UNKNOWN
        if depth > _MAX_DEPTH:
            self.n_cut += 1
            return UNKNOWN, UNKNOWN
        self._open.add(form)
        found = self._compute(form, depth + 1)
        self._open.discard(form)
        self._known[form] = found
        return found

    def offsets(self, struct: Struct, depth: int = 0) -> tuple[list[int], int, int]:
        """The offset of each field, the size and the alignment of the struct."""
        found = self._laid_out.get(struct)
        if found is None:
            found = self._lay_out(struct, depth)
            if not self._open:  # else something on the way may not be known yet
                self._laid_out[struct] = found
        return found

    def _lay_out(self, struct: Struct, depth: int) -> tuple[list[int], int, int]:
        offsets: list[int] = []
        at, largest, last = 0, 1, UNKNOWN
        for field in struct.fields:
            size, align = self.size_and_align(field.type, depth)
            if align < 0 and at >= 0 and at % 8 == 0:
                offsets.append(at)  # whatever its alignment is
                at = largest = UNKNOWN
                continue
            if at < 0 or align < 0:
                at = largest = UNKNOWN
                offsets.append(UNKNOWN)
                continue
            at = -(-at // align) * align
            offsets.append(at)
            largest = max(largest, align) if largest > 0 else UNKNOWN
            at, last = (at + size, size) if 0 <= size <= _MAX_SIZE else (UNKNOWN, UNKNOWN)
        if at < 0 or largest < 0:
            return offsets, UNKNOWN, UNKNOWN
        if struct.fields and last == 0 and at > 0:  # its address must not lie behind the object
            at += 1
        return offsets, -(-at // largest) * largest, largest

    def _compute(self, form: Form, depth: int) -> tuple[int, int]:  # noqa: PLR0911 (one case a kind)
        word = self.word
        under = self.resolver.underlying(form)
        match under:
            case Basic(name):
                if name == "string":
                    return 2 * word, word
                size = _SIZE.get(name, word)
                return size, min(size // 2 if name.startswith("complex") else size, word)
            case Pointer() | Map() | Chan() | Func():
                return word, word
            case Slice():
                return 3 * word, word
            case Interface(_, _, is_constraint):
                return (UNKNOWN, UNKNOWN) if is_constraint else (2 * word, word)
            case Array(length, elem):
                size, align = self.size_and_align(elem, depth)
                whole = length * size if length >= 0 and size >= 0 else UNKNOWN
                return (whole if whole <= _MAX_SIZE else UNKNOWN), align
            case Struct():
                _, size, align = self.offsets(under, depth)
                if isinstance(form, Named) and (form.package, form.name) in _ALIGN64:
                    return size, 8
                return size, align
        return UNKNOWN, UNKNOWN
