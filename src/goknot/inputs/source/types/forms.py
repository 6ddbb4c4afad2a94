"""Go types with their names resolved; equal if and only if Go calls them identical (but for interface literals)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Named:
    """A named type; `args` are given for an instance of a generic one. Predeclared ones have no package."""

    package: str
    name: str
    args: tuple[Form, ...] = ()


@dataclass(frozen=True, slots=True)
class Basic:
    """A predeclared type that is no interface, or `unsafe.Pointer`."""

    name: str


@dataclass(frozen=True, slots=True)
class Param:
    """A type parameter, by its place in the declaration."""

    index: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """`*elem`."""

    elem: Form


@dataclass(frozen=True, slots=True)
class Slice:
    """`[]elem`."""

    elem: Form


@dataclass(frozen=True, slots=True)
class Array:
    """`[length]elem`; length -1 if it is not known."""

    length: int
    elem: Form


@dataclass(frozen=True, slots=True)
class Map:
    """`map[key]value`."""

    key: Form
    value: Form


@dataclass(frozen=True, slots=True)
class Chan:
    """`chan elem`; direction is empty, `<-` or `->`."""

    direction: str
    elem: Form


@dataclass(frozen=True, slots=True)
class Func:
    """A signature."""

    params: tuple[Form, ...]
    results: tuple[Form, ...]
    variadic: bool


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
class Struct:
    """`struct { fields }`."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface literal: its own methods, sorted by (name, package), what it embeds, whether it is a constraint."""

    methods: tuple[tuple[str, str, Form], ...]
    embedded: tuple[Form, ...] = ()
    is_constraint: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
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


def substitute(form: Form, args: tuple[Form, ...]) -> Form:  # noqa: PLR0911 (one case a kind)
    """A form with arguments in place of type parameters."""
    match form:
        case Param(index):
            return args[index] if index < len(args) else Unknown("too few type arguments")
        case Named(package, name, given) if given:
            return Named(package, name, tuple(substitute(one, args) for one in given))
        case Pointer(elem):
            return Pointer(substitute(elem, args))
        case Slice(elem):
            return Slice(substitute(elem, args))
        case Array(length, elem):
            return Array(length, substitute(elem, args))
        case Map(key, value):
            return Map(substitute(key, args), substitute(value, args))
        case Chan(direction, elem):
            return Chan(direction, substitute(elem, args))
        case Func(params, results, variadic):
            return Func(
                tuple(substitute(one, args) for one in params),
                tuple(substitute(one, args) for one in results),
                variadic,
            )
        case Struct(fields):
            return Struct(
                tuple(Field(f.name, substitute(f.type, args), f.embedded, f.tag, f.package, f.line) for f in fields)
            )
        case Interface(methods, embedded, is_constraint):
            return Interface(
                tuple((name, package, substitute(one, args)) for name, package, one in methods),
                tuple(substitute(one, args) for one in embedded),
                is_constraint,
            )
    return form


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
