"""Arguments in place of type parameters, within bounds: a generic type can ask for an instance that never ends."""

from __future__ import annotations

from goknot.inputs.source.types.forms import (
    Array,
    Chan,
    Field,
    Form,
    Func,
    Interface,
    Map,
    Named,
    Param,
    Pointer,
    Slice,
    Struct,
    Unknown,
)

MAX_ARGS_DEPTH = 40
MAX_ARGS_PARTS = 1_000
_MAX_PARTS = 5_000_000  # gone through in all: some ten seconds
TOO_LARGE = Unknown("type arguments larger than is followed")


def too_large(args: tuple[Form, ...]) -> bool:
    """Whether type arguments are deeper, or more, than is followed."""
    return any(one.depth > MAX_ARGS_DEPTH for one in args) or sum(one.n_parts for one in args) > MAX_ARGS_PARTS


class Substitution:
    """Puts arguments into forms.

    Attributes:
        n_cut: How often the result was too large.
    """

    def __init__(self) -> None:
        self.n_cut = 0
        self._n_left = _MAX_PARTS

    def apply(self, form: Form, args: tuple[Form, ...]) -> Form:
        """A form with arguments in place of type parameters."""
        self._n_left -= form.n_parts
        if self._n_left < 0:
            self.n_cut += 1
            return TOO_LARGE
        return self._in(form, args)

    def _in(self, form: Form, args: tuple[Form, ...]) -> Form:  # noqa: PLR0911 (one case a kind)
        match form:
            case Param(index):
                return args[index] if index < len(args) else Unknown("too few type arguments")
            case Named(package, name, given) if given:
                put = self._each(given, args)
                if too_large(put):
                    self.n_cut += 1
                    return TOO_LARGE
                return Named(package, name, put)
            case Pointer(elem):
                return Pointer(self._in(elem, args))
            case Slice(elem):
                return Slice(self._in(elem, args))
            case Array(length, elem):
                return Array(length, self._in(elem, args))
            case Map(key, value):
                return Map(self._in(key, args), self._in(value, args))
            case Chan(direction, elem):
                return Chan(direction, self._in(elem, args))
            case Func(params, results, variadic):
                return Func(self._each(params, args), self._each(results, args), variadic)
            case Struct(fields):
                inside = [Field(f.name, self._in(f.type, args), f.embedded, f.tag, f.package, f.line) for f in fields]
                return Struct(tuple(inside))
            case Interface(methods, embedded, is_constraint):
                put_in = [(name, package, self._in(one, args)) for name, package, one in methods]
                return Interface(tuple(put_in), self._each(embedded, args), is_constraint)
        return form

    def _each(self, forms: tuple[Form, ...], args: tuple[Form, ...]) -> tuple[Form, ...]:
        return tuple([self._in(one, args) for one in forms])
