"""The ways from one type to others: through pointers, elements, by value, as arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from goknot.inputs.source.types.forms import (
    Array,
    Chan,
    Form,
    Func,
    Interface,
    Map,
    Named,
    Param,
    Pointer,
    Slice,
    Struct,
)
from goknot.inputs.source.types.resolver import Resolver
from goknot.inputs.source.types.sizes import Sizes
from goknot.model.gotypes import UNKNOWN

_MAX_DEPTH = 60
_MAX_ARGS_DEPTH = 8
_MAX_STEPS = 5_000_000  # in all; some ten seconds


class Way(NamedTuple):
    """One way to a named type; see `TypeEdge`."""

    target: Named
    kind: str
    field: str
    offset: int
    line: int
    through: str = ""


class _At(NamedTuple):
    """Where a walk is: the path of the field, its offset, how it got there (`value` until a pointer is followed)."""

    field: str
    offset: int
    line: int
    kind: str

    def into(self, kind: str, suffix: str = "") -> _At:
        return _At(self.field + suffix, self.offset, self.line, kind if self.kind in {"value", "array"} else self.kind)


class EdgeWalk:
    """Walks types.

    Args:
        resolver: Resolves.
        sizes: For offsets.
        origins: The types of the scan, generic ones without arguments.

    Attributes:
        n_cut: How often a type went deeper than is followed.
        n_steps: Forms looked at; past a bound nothing is walked.
    """

    def __init__(self, resolver: Resolver, sizes: Sizes, origins: frozenset[Named]) -> None:
        self.resolver = resolver
        self.sizes = sizes
        self.origins = origins
        self.n_origins = len(origins)
        self.n_cut = 0
        self.n_steps = 0
        self._leads_in: dict[Form, bool] = {}

    def ways(self, form: Form) -> list[Way]:
        """The ways out of a type, given by what it is declared as."""
        return list(self._walk(form, _At("", 0, 0, "value"), 0))

    def _walk(self, form: Form, at: _At, depth: int) -> Iterator[Way]:  # noqa: PLR0912 (one case a kind)
        self.n_steps += 1
        if depth > _MAX_DEPTH or self.n_steps > _MAX_STEPS:
            self.n_cut += 1
            return
        depth += 1
        match form:
            case Named():
                yield from self._named(form, at, depth)
            case Pointer(elem):
                yield from self._walk(elem, at.into("pointer"), depth)
            case Slice(elem):
                yield from self._walk(elem, at.into("slice", "[]"), depth)
            case Array(length, elem):
                if length != 0:  # `_ [0]*T` only keeps types apart (sync/atomic.Pointer)
                    kind = "array" if at.kind == "value" else at.kind
                    yield from self._walk(elem, at.into(kind, "[]"), depth)
            case Map(key, value):
                yield from self._walk(key, at.into("map-key", "[key]"), depth)
                yield from self._walk(value, at.into("map-value", "[]"), depth)
            case Chan(_, elem):
                yield from self._walk(elem, at.into("chan", "<-"), depth)
            case Func(params, results, _):
                for one in (*params, *results):
                    yield from self._walk(one, _At(at.field, at.offset, at.line, "func"), depth)
            case Struct(fields):
                yield from self._struct(form, at, depth) if fields else ()
            case Interface(methods, embedded, _):
                for name, _, one in methods:
                    field = f"{at.field}.{name}" if at.field else name
                    yield from self._walk(one, _At(field, at.offset, at.line, "func"), depth)
                for one in embedded:
                    yield from self._walk(one, _At(at.field, at.offset, at.line, "embeds"), depth)

    def _struct(self, struct: Struct, at: _At, depth: int) -> Iterator[Way]:
        offsets, _, _ = self.sizes.offsets(struct)
        for field, offset in zip(struct.fields, offsets, strict=True):
            inside = at.kind == "value"
            where = at.offset + offset if inside and at.offset >= 0 and offset >= 0 else UNKNOWN
            path = f"{at.field}.{field.name}" if at.field else field.name
            here = _At(path, where if inside else at.offset, field.line, at.kind)
            yield from self._walk(field.type, here, depth)

    def _named(self, named: Named, at: _At, depth: int) -> Iterator[Way]:
        origin = Named(named.package, named.name) if named.args else named
        if named.package == "sync/atomic" and named.name == "Pointer" and named.args:
            yield from self._walk(named.args[0], at.into("pointer"), depth)
            return
        if not named.args:
            if named in self.origins:
                yield Way(named, at.kind, at.field, at.offset, at.line)
            return
        # an instance is a type of its own where its arguments are known and lead back into the scan
        own = self._is_concrete(named, 0) and any(map(self._leads, named.args))
        if own and (origin in self.origins or self.resolver.declared(named) is not None):
            yield Way(named, at.kind, at.field, at.offset, at.line)
        elif origin in self.origins:
            yield Way(origin, at.kind, at.field, at.offset, at.line)
        for one in named.args:
            yield from self._walk(one, _At(at.field, at.offset, at.line, "type-argument"), depth)

    def _leads(self, form: Form) -> bool:
        """Whether a type mentions one of the scan."""
        found = self._leads_in.get(form)
        if found is None:
            ways = self._walk(form, _At("", 0, 0, "type-argument"), _MAX_DEPTH // 2)
            found = self._leads_in[form] = any(True for _ in ways)
        return found

    def _is_concrete(self, form: Form, depth: int) -> bool:  # noqa: PLR0911 (one case a kind)
        if depth > _MAX_ARGS_DEPTH:
            return False
        depth += 1
        match form:
            case Param():
                return False
            case Named(_, _, args):
                return all(self._is_concrete(one, depth) for one in args)
            case Pointer(elem) | Slice(elem) | Array(_, elem) | Chan(_, elem):
                return self._is_concrete(elem, depth)
            case Map(key, value):
                return self._is_concrete(key, depth) and self._is_concrete(value, depth)
            case Func(params, results, _):
                return all(self._is_concrete(one, depth) for one in (*params, *results))
            case Struct(fields):
                return all(self._is_concrete(one.type, depth) for one in fields)
        return True
