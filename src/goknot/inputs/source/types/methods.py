"""Method sets with promotion, and which types implement which interfaces (spec: Selectors, Method sets)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from goknot.inputs.source.types.forms import (
    Form,
    Func,
    Interface,
    Named,
    Param,
    Pointer,
    Struct,
    package_of_name,
)
from goknot.inputs.source.types.resolver import Resolver, Scope

_MAX_DEPTH = 30
_MAX_STEPS = 3_000_000  # fields and methods of what is embedded, and of interfaces, in all: some ten seconds
_MAX_STEPS_OF_ONE = 100_000  # for one type
_COST = 8  # of looking at a type at all, in such steps
Key = tuple[str, str]  # name, and the package it belongs to if it is not exported


class Method(NamedTuple):
    """A method: its signature, and whether only pointers to the type have it."""

    signature: Form
    needs_pointer: bool


class MethodSets:
    """Method sets by type; remembered.

    Attributes:
        n_cut: Types and interfaces with more embedded in each other than is followed.
        cut_at: The first of them.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.n_cut = 0
        self.cut_at: Form | None = None
        self._n_left = _MAX_STEPS
        self._of_named: dict[Named, Mapping[Key, Method]] = {}
        self._of_interface: dict[Form, Mapping[Key, Form] | None] = {}
        self._own: dict[Named, Mapping[Key, Method]] = {}

    def interface(self, form: Form, depth: int = 0) -> Mapping[Key, Form] | None:
        """All methods of an interface; None if it is none, a constraint, or not known in full."""
        if form in self._of_interface:
            return self._of_interface[form]
        under = self.resolver.underlying(form)
        found: dict[Key, Form] | None = None
        if depth == _MAX_DEPTH or self._n_left < 0:
            self._cut(form)
        elif isinstance(under, Interface) and not under.is_constraint:
            found = {(name, package): one for name, package, one in under.methods}
            for one in under.embedded:
                inner = self.interface(one, depth + 1)
                self._n_left -= _COST + len(inner or ())
                if inner is None:
                    found = None
                    break
                for key, signature in inner.items():
                    found.setdefault(key, signature)
        self._of_interface[form] = found
        return found

    def of(self, named: Named) -> Mapping[Key, Method]:
        """The method set of a pointer to a named type that is no interface; those of the type itself are marked."""
        found = self._of_named.get(named)
        if found is None:
            found = self._of_named[named] = self._collect(named)
        return found

    def own(self, named: Named) -> Mapping[Key, Method]:
        """The methods declared on a type."""
        found = self._own.get(named)
        if found is not None:
            return found
        methods: dict[Key, Method] = {}
        package = self.resolver.packages.package(named.package) if named.package else None
        listed = self.resolver.packages.methods_of(package, named.name) if package is not None else ()
        for source, decl in listed:
            scope: Scope = {name: Param(i) for i, name in enumerate(decl.parameters) if name != "_"}
            signature = self.resolver.resolve(decl.type, source, scope)
            if named.args:
                signature = self.resolver.substitute(signature, named.args, source.path)
            if decl.name != "_":
                key = (decl.name, package_of_name(decl.name, source.package))
                methods.setdefault(key, Method(signature, decl.is_pointer))
        self._own[named] = methods
        return methods

    def _collect(self, named: Named) -> Mapping[Key, Method]:
        under = self.resolver.underlying(named)
        if not isinstance(under, Struct):
            return self.own(named)
        if not any(field.embedded for field in under.fields):
            own = self.own(named)
            fields = {(field.name, field.package) for field in under.fields} if own else ()
            return {key: method for key, method in own.items() if key not in fields} if own else own
        return self._promoted(named)

    def _promoted(self, named: Named) -> dict[Key, Method]:
        found: dict[Key, Method] = {}
        hidden: set[Key] = set()  # names of fields, and of what is ambiguous
        seen: set[Form] = set()
        level: list[tuple[Form, bool]] = [(named, False)]  # type, whether a pointer lies on the way
        least = self._n_left - _MAX_STEPS_OF_ONE
        for depth in range(_MAX_DEPTH):
            here: dict[Key, Method | None] = {}
            below: list[tuple[Form, bool]] = []
            n_by_form: Counter[Form] = Counter()
            for form, by_pointer in level:
                n_by_form[form] += 1
                # one embedded more than once at this depth is taken twice: its methods clash
                if form in seen or n_by_form[form] > 2:
                    continue
                if depth and self._n_left < max(0, least):  # half a level would not tell what is ambiguous
                    self._cut(named)
                    return found
                n_looked_at = self._add_level(form, by_pointer, here, below)
                self._n_left -= _COST + n_looked_at if depth else 0
            seen.update(n_by_form)
            for key, method in here.items():
                if key in found or key in hidden:
                    continue
                if method is None:
                    hidden.add(key)
                else:
                    found[key] = method
            level = below
            if not level:
                break
        if any(form not in seen for form, _ in level):
            self._cut(named)
        return found

    def _cut(self, form: Form) -> None:
        self.n_cut += 1
        if self.cut_at is None:
            self.cut_at = form

    def _add_level(
        self, form: Form, by_pointer: bool, here: dict[Key, Method | None], below: list[tuple[Form, bool]]
    ) -> int:
        """Adds what a type has by itself; says how many methods and fields that are."""
        under = self.resolver.underlying(form)
        if isinstance(under, Interface):
            methods = self.interface(form) or {}
            for key, signature in methods.items():
                here[key] = Method(signature, needs_pointer=False) if key not in here else None
            return len(methods)
        own: Mapping[Key, Method] = self.own(form) if isinstance(form, Named) else {}
        for key, method in own.items():
            needs = method.needs_pointer and not by_pointer
            here[key] = Method(method.signature, needs) if key not in here else None
        if not isinstance(under, Struct):
            return len(own)
        for field in under.fields:
            key = (field.name, field.package)
            here[key] = None  # a field: no method, and it hides those below
            if field.embedded:
                inner = field.type
                pointer = isinstance(inner, Pointer)
                below.append((inner.elem if isinstance(inner, Pointer) else inner, by_pointer or pointer))
        return len(own) + len(under.fields)


def implements(methods: Mapping[Key, Method], wanted: Mapping[Key, Form]) -> bool:
    """Whether a pointer to the type implements the interface."""
    for key, signature in wanted.items():
        method = methods.get(key)
        if method is None or method.signature != signature or not isinstance(signature, Func):
            return False
    return True


class Implementers:
    """Finds the types that implement an interface.

    Args:
        sets: Named type -> method set of a pointer to it.
    """

    def __init__(self, sets: Mapping[Named, Mapping[Key, Method]]) -> None:
        self.sets = sets
        self._by_method: dict[tuple[Key, Form], list[Named]] = {}
        for named, methods in sets.items():
            for key, method in methods.items():
                self._by_method.setdefault((key, method.signature), []).append(named)

    def of(self, wanted: Mapping[Key, Form]) -> list[Named]:
        """The types whose pointers have all the methods; none for the empty interface."""
        rarest = self._rarest(wanted)
        return [named for named in rarest if implements(self.sets[named], wanted)]

    def at_most(self, wanted: Mapping[Key, Form]) -> int:
        """How many types have the rarest of the methods."""
        return len(self._rarest(wanted))

    def _rarest(self, wanted: Mapping[Key, Form]) -> list[Named]:
        return min((self._by_method.get(method, []) for method in wanted.items()), key=len, default=[])
