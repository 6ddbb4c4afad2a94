"""Go types with their names resolved; equal if and only if Go calls them identical (but for interface literals).

A form may hold another one many times: each knows its hash, depth and number of parts, so that nothing has to go
through all of it again. Who makes forms keeps both small (`Resolver`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

_set = object.__setattr__


class _Leaf:
    """A form that holds no others."""

    __slots__ = ()
    depth = 0
    n_parts = 1


class _Whole:
    """A form that holds others.

    Attributes:
        depth: Of the forms in it, from 1.
        n_parts: Forms in it, itself included; one that is there twice counts twice.
    """

    __slots__ = ("_hash", "depth", "n_parts")
    _hash: int
    depth: int
    n_parts: int

    def _measure(self, own: tuple[object, ...], inner: Iterable[Form]) -> None:
        depth = 0
        n_parts = 1
        for one in inner:
            depth = max(depth, one.depth)
            n_parts += one.n_parts
        _set(self, "depth", depth + 1)
        _set(self, "n_parts", n_parts)
        _set(self, "_hash", hash((type(self), own)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Named(_Whole):
    """A named type; `args` are given for an instance of a generic one. Predeclared ones have no package."""

    package: str
    name: str
    args: tuple[Form, ...] = ()

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.package, self.name, self.args), self.args)


@dataclass(frozen=True, slots=True)
class Basic(_Leaf):
    """A predeclared type that is no interface, or `unsafe.Pointer`."""

    name: str


@dataclass(frozen=True, slots=True)
class Param(_Leaf):
    """A type parameter, by its place in the declaration."""

    index: int


@dataclass(frozen=True, slots=True)
class Pointer(_Whole):
    """`*elem`."""

    elem: Form

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.elem,), (self.elem,))


@dataclass(frozen=True, slots=True)
class Slice(_Whole):
    """`[]elem`."""

    elem: Form

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.elem,), (self.elem,))


@dataclass(frozen=True, slots=True)
class Array(_Whole):
    """`[length]elem`; length -1 if it is not known."""

    length: int
    elem: Form

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.length, self.elem), (self.elem,))


@dataclass(frozen=True, slots=True)
class Map(_Whole):
    """`map[key]value`."""

    key: Form
    value: Form

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.key, self.value), (self.key, self.value))


@dataclass(frozen=True, slots=True)
class Chan(_Whole):
    """`chan elem`; direction is empty, `<-` or `->`."""

    direction: str
    elem: Form

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.direction, self.elem), (self.elem,))


@dataclass(frozen=True, slots=True)
class Func(_Whole):
    """A signature."""

    params: tuple[Form, ...]
    results: tuple[Form, ...]
    variadic: bool

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.params, self.results, self.variadic), (*self.params, *self.results))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct; `package` is that of the struct where the name is not exported."""

    name: str
    type: Form
    embedded: bool
    tag: str
    package: str
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Struct(_Whole):
    """`struct { fields }`."""

    fields: tuple[Field, ...]

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        self._measure((self.fields,), [one.type for one in self.fields])


@dataclass(frozen=True, slots=True)
class Interface(_Whole):
    """An interface literal: its own methods, sorted by (name, package), what it embeds, whether it is a constraint."""

    methods: tuple[tuple[str, str, Form], ...]
    embedded: tuple[Form, ...] = ()
    is_constraint: bool = False

    __hash__ = _Whole.__hash__

    def __post_init__(self) -> None:  # noqa: D105
        own = (self.methods, self.embedded, self.is_constraint)
        self._measure(own, (*[one for _, _, one in self.methods], *self.embedded))


@dataclass(frozen=True, slots=True)
class Unknown(_Leaf):
    """What could not be resolved."""

    why: str


Form = Named | Basic | Param | Pointer | Slice | Array | Map | Chan | Func | Struct | Interface | Unknown

EMPTY_INTERFACE = Interface(())
ERROR = Named("", "error")
COMPARABLE = Named("", "comparable")
_BASIC = (  # noqa: SIM905 (a list of names reads better so)
    "bool int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32 float64 complex64 complex128 "
    "string"
).split()
UNIVERSE: dict[str, Form] = {
    **{name: Basic(name) for name in _BASIC},
    "byte": Basic("uint8"),
    "rune": Basic("int32"),
    "any": EMPTY_INTERFACE,
    "error": ERROR,
    "comparable": COMPARABLE,
}
ERROR_INTERFACE = Interface((("Error", "", Func((), (Basic("string"),), False)),))


def package_of_name(name: str, package: str) -> str:
    """The package that a field's or method's name belongs to: none if it is exported (spec, Exported identifiers)."""
    return "" if name[:1].isupper() else package


def label(form: Form) -> str:  # noqa: PLR0911, PLR0912 (one case a kind)
    """The type as Go writes it, packages by import path."""
    match form:
        case Named(package, name, args):
            text = f"{package}.{name}" if package else name
            return f"{text}[{','.join(map(label, args))}]" if args else text
        case Basic(name):
            return name
        case Param(index):
            return f"${index}"
        case Pointer(elem):
            return f"*{label(elem)}"
        case Slice(elem):
            return f"[]{label(elem)}"
        case Array(length, elem):
            return f"[{length if length >= 0 else '?'}]{label(elem)}"
        case Map(key, value):
            return f"map[{label(key)}]{label(value)}"
        case Chan(direction, elem):
            words = {"": "chan ", "<-": "<-chan ", "->": "chan<- "}
            return f"{words[direction]}{label(elem)}"
        case Func(params, results, variadic):
            given = [label(one) for one in params]
            if variadic and given:
                given[-1] = "..." + given[-1].removeprefix("[]")
            back = ", ".join(map(label, results))
            tail = f" ({back})" if len(results) > 1 else f" {back}" if back else ""
            return f"func({', '.join(given)}){tail}"
        case Struct(fields):
            return "struct{" + "; ".join(f"{f.name} {label(f.type)}" for f in fields) + "}"
        case Interface(methods, embedded, _):
            if not methods and not embedded:
                return "any"
            parts = [f"{name}{label(one).removeprefix('func')}" for name, _, one in methods]
            return "interface{" + "; ".join([*parts, *map(label, embedded)]) + "}"
        case Unknown():
            return "?"
