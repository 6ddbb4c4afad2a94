"""Names to types (spec: Declarations and scope, Type identity, Underlying types)."""

from __future__ import annotations

from goknot.inputs.source.types.bounds import Bounds
from goknot.inputs.source.types.forms import (
    EMPTY_INTERFACE,
    ERROR,
    ERROR_INTERFACE,
    UNIVERSE,
    Array,
    Basic,
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
    package_of_name,
)
from goknot.inputs.source.types.importnames import ImportNames
from goknot.inputs.source.types.lengths import Lengths
from goknot.inputs.source.types.packages import Packages, SourceFile, TypePackage
from goknot.inputs.source.types.substitution import TOO_LARGE, Substitution, too_large
from goknot.inputs.source.types.syntax import Expr, FieldDecl, TypeDecl

Scope = dict[str, Form]  # names of type parameters
Found = tuple[SourceFile, TypeDecl]

_MAX_DEPTH = 120  # of an expression, what its aliases stand for included
_MAX_ALIAS_DEPTH = 60
_MAX_ALIAS_PARTS = 20_000
_MAX_INSTANCES = 40  # on the way from one type to what it is made of
_NO_SCOPE: Scope = {}
_CIRCLE = Unknown("declarations go in a circle")
_DEEP = Unknown("nested more deeply than is followed")
_DEEP_TYPES = "types nested more deeply than is followed"
_LARGE_ALIASES = "aliases of types with more parts than are followed"
_LARGE_ARGUMENTS = "types with type arguments larger than is followed"
_UNSEEN = "what lies deeper is not seen"


class Resolver:
    """Resolves type expressions; remembers what it found.

    Attributes:
        bounds: What was not followed to its end.
    """

    def __init__(self, packages: Packages, bounds: Bounds) -> None:
        self.packages = packages
        self.bounds = bounds
        self._substitution = Substitution()
        self._names: dict[int, ImportNames] = {}
        self._plain: dict[tuple[int, Expr], Form] = {}
        self._made_of: dict[Named, Form] = {}
        self._under: dict[Named, Form] = {}
        self._aliases: dict[tuple[str, str], Form] = {}
        self._open: set[tuple[str, str]] = set()  # aliases that are being resolved
        self._lengths = Lengths(packages, self.import_path)
        self._depth = 0
        self._where = ""

    # declarations

    def declared(self, named: Named) -> tuple[TypePackage, SourceFile, TypeDecl] | None:
        """Where a named type is declared."""
        package = self.packages.package(named.package) if named.package else None
        found = self.packages.type_decl(package, named.name) if package is not None else None
        return (package, *found) if package is not None and found is not None else None

    def underlying(self, form: Form) -> Form:
        """The type behind names; `Unknown` where a declaration is missing."""
        if not isinstance(form, Named):
            return form
        known = self._under.get(form)
        if known is not None:
            return known
        on_the_way: dict[Named, None] = {}
        n_instances = 0
        while isinstance(form, Named):
            known = self._under.get(form)
            if known is not None:
                form = known
            elif not form.package:
                form = ERROR_INTERFACE if form == ERROR else Interface((), (), is_constraint=True)
            elif form in on_the_way or n_instances > _MAX_INSTANCES:
                form = _CIRCLE
            else:
                on_the_way[form] = None
                n_instances += bool(form.args)
                form = self._declared_form(form)
        self._under.update(dict.fromkeys(on_the_way, form))
        return form

    def substitute(self, form: Form, args: tuple[Form, ...], where: str) -> Form:
        """A form with arguments in place of type parameters.

        Args:
            form: Of a declaration.
            args: For its parameters.
            where: Its place.
        """
        n_cut = self._substitution.n_cut
        found = self._substitution.apply(form, args)
        if self._substitution.n_cut > n_cut:
            self.bounds.note(_LARGE_ARGUMENTS, _UNSEEN, where)
        return found

    def _declared_form(self, named: Named) -> Form:
        """What a type is declared as, which may be the name of another one."""
        found = self.declared(named)
        if found is None:
            return Unknown(f"{named.package}.{named.name} is not to be found")
        _, source, decl = found
        origin = Named(named.package, named.name) if named.args else named
        form = self._made_of.get(origin)
        if form is None:
            form = self._made_of[origin] = self.resolve_at(decl, source)
        return self.substitute(form, named.args, f"{source.path}:{decl.line}") if named.args else form

    def resolve_at(self, decl: TypeDecl, source: SourceFile) -> Form:
        """What a declaration says its type is."""
        before = self._where
        self._where = f"{source.path}:{decl.line}"
        form = self.resolve(decl.type, source, scope_of(decl) if decl.parameters else _NO_SCOPE)
        self._where = before
        return form

    # expressions

    def resolve(self, expr: Expr, source: SourceFile, scope: Scope) -> Form:
        """The type an expression means in a file."""
        kind = expr[0]
        # what is written again and again
        if not scope and (kind in {"n", "q"} or (kind in {"*", "[]"} and expr[1][0] in {"n", "q"})):
            key = (id(source), expr)
            known = self._plain.get(key)
            if known is None:
                known = self._plain[key] = self._resolved(expr, source, scope)
            return known
        return self._resolved(expr, source, scope)

    def _resolved(self, expr: Expr, source: SourceFile, scope: Scope) -> Form:
        if self._depth > _MAX_DEPTH:
            self.bounds.note(_DEEP_TYPES, _UNSEEN, self._where or source.path)
            return _DEEP
        self._depth += 1
        found = self._resolve(expr, source, scope)
        self._depth -= 1
        return found

    def _resolve(self, expr: Expr, source: SourceFile, scope: Scope) -> Form:  # noqa: PLR0911 (one case a kind)
        kind = expr[0]
        if kind == "n":
            found = scope.get(expr[1])
            return found if found is not None else self._name(expr[1], (), source)
        if kind == "q":
            return self._qualified(expr, (), source)
        if kind == "*":
            return Pointer(self.resolve(expr[1], source, scope))
        if kind == "[]":
            return Slice(self.resolve(expr[1], source, scope))
        if kind == "map":
            return Map(self.resolve(expr[1], source, scope), self.resolve(expr[2], source, scope))
        if kind == "func":
            return Func(
                tuple([self.resolve(one, source, scope) for one in expr[1]]),
                tuple([self.resolve(one, source, scope) for one in expr[2]]),
                expr[3],
            )
        if kind == "struct":
            return Struct(tuple([self._field(one, source, scope) for one in expr[1]]))
        if kind == "iface":
            return self._interface(expr, source, scope)
        if kind == "[n]":
            return Array(self._lengths.of(expr[1], source), self.resolve(expr[2], source, scope))
        if kind == "chan":
            return Chan(expr[1], self.resolve(expr[2], source, scope))
        if kind == "g":
            args = tuple([self.resolve(one, source, scope) for one in expr[2]])
            base = expr[1]
            if base[0] == "n":
                return self._name(base[1], args, source)
            return self._qualified(base, args, source) if base[0] == "q" else Unknown("an odd generic type")
        return Unknown("not understood") if kind == "?" else Interface((), (), is_constraint=True)

    def _field(self, decl: FieldDecl | tuple[object, ...], source: SourceFile, scope: Scope) -> Field:
        name, expr, embedded, tag, line = decl
        form = self.resolve(expr, source, scope)  # type: ignore[arg-type]
        own = package_of_name(str(name), source.package)
        return Field(str(name), form, bool(embedded), str(tag), own, int(line))  # type: ignore[call-overload]

    def _interface(self, expr: Expr, source: SourceFile, scope: Scope) -> Form:
        if not expr[1] and not expr[2]:
            return EMPTY_INTERFACE
        methods = sorted(
            ((name, package_of_name(name, source.package), self.resolve(one, source, scope)) for name, one in expr[1]),
            key=lambda method: method[:2],
        )
        embedded: list[Form] = []
        constraint = False
        for one in expr[2]:
            if one[0] == "union":
                constraint = True
            else:
                embedded.append(self.resolve(one, source, scope))
        return Interface(tuple(methods), tuple(embedded), constraint)

    def _name(self, name: str, args: tuple[Form, ...], source: SourceFile) -> Form:
        package = self.packages.package(source.package)
        found = self.packages.type_decl(package, name) if package is not None else None
        if found is None and name in UNIVERSE:
            return UNIVERSE[name]
        if found is None:
            for path in self._imports(source).dots:
                other = self.packages.package(path)
                if other is not None and self.packages.type_decl(other, name) is not None:
                    return self._of_package(path, name, args)
            return Unknown(f"{name} is not declared")
        return self._of_package(source.package, name, args)

    def _qualified(self, expr: Expr, args: tuple[Form, ...], source: SourceFile) -> Form:
        _, alias, name = expr
        path = self.import_path(alias, source)
        if path is None:
            return Unknown(f"{alias} is not imported")
        if path == "unsafe":
            return Basic("unsafe.Pointer")
        return self._of_package(path, name, args)

    def _of_package(self, path: str, name: str, args: tuple[Form, ...]) -> Form:
        """A type by package and name, aliases followed."""
        package = self.packages.package(path)
        found = self.packages.type_decl(package, name) if package is not None else None
        if args and too_large(args):
            self.bounds.note(_LARGE_ARGUMENTS, _UNSEEN, self._where)
            return TOO_LARGE
        if found is None or not found[1].is_alias:
            return Named(package.path if package is not None else path, name, args)
        form = self._alias(path, name, found)
        return self.substitute(form, args, f"{found[0].path}:{found[1].line}") if args else form

    def _alias(self, path: str, name: str, found: Found) -> Form:
        """What an alias stands for; chains of them may be long."""
        chain: list[tuple[str, str]] = []
        while True:
            known = self._aliases.get((path, name))
            if known is not None or (path, name) in self._open:
                form = known if known is not None else _CIRCLE
                break
            chain.append((path, name))
            self._open.add((path, name))
            source, decl = found
            after = self._next_alias(source, decl)
            if after is None:
                form = self._small(self.resolve_at(decl, source), f"{source.path}:{decl.line}")
                break
            path, name, found = after
        self._open.difference_update(chain)
        self._aliases.update(dict.fromkeys(chain, form))
        return form

    def _next_alias(self, source: SourceFile, decl: TypeDecl) -> tuple[str, str, Found] | None:
        """The alias that an alias is of, if that is all that it says."""
        expr = decl.type
        if expr[0] not in {"n", "q"} or decl.parameters:
            return None
        path = self.import_path(expr[1], source) if expr[0] == "q" else source.package
        package = self.packages.package(path) if path else None
        found = self.packages.type_decl(package, expr[-1]) if package is not None else None
        return (str(path), expr[-1], found) if found is not None and found[1].is_alias else None

    def _small(self, form: Form, where: str) -> Form:
        """The form, if it can be put in place of its name without making others too large."""
        if form.depth > _MAX_ALIAS_DEPTH:
            self.bounds.note(_DEEP_TYPES, _UNSEEN, where)
            return _DEEP
        if form.n_parts > _MAX_ALIAS_PARTS:
            self.bounds.note(_LARGE_ALIASES, "what lies in them is not seen", where)
            return Unknown(_LARGE_ALIASES)
        return form

    # imports

    def import_path(self, alias: str, source: SourceFile) -> str | None:
        """What a package name means in a file."""
        return self._imports(source).path(alias)

    def _imports(self, source: SourceFile) -> ImportNames:
        found = self._names.get(id(source))
        if found is None:
            found = self._names[id(source)] = ImportNames(source.decls.imports, self.packages)
        return found


def scope_of(decl: TypeDecl) -> Scope:
    """The names of a declaration's type parameters."""
    return {name: Param(index) for index, (name, _) in enumerate(decl.parameters) if name != "_"}
