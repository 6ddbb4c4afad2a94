"""Names to types (spec: Declarations and scope, Type identity, Underlying types)."""

from __future__ import annotations

from goknot.inputs.source.types.constants import evaluate
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
    substitute,
)
from goknot.inputs.source.types.packages import Packages, SourceFile, TypePackage, guessed_name
from goknot.inputs.source.types.syntax import ConstDecl, Expr, FieldDecl, TypeDecl

_MAX_ALIASES = 40
_MAX_CONSTS = 60
Scope = dict[str, Form]  # names of type parameters


class Resolver:
    """Resolves type expressions; remembers what it found."""

    def __init__(self, packages: Packages) -> None:
        self.packages = packages
        self._imports: dict[int, dict[str, str]] = {}
        self._dots: dict[int, list[str]] = {}
        self._plain: dict[tuple[int, Expr], Form] = {}
        self._under: dict[tuple[str, str], Form] = {}
        self._n_deep = 0

    # declarations

    def declared(self, named: Named) -> tuple[TypePackage, SourceFile, TypeDecl] | None:
        """Where a named type is declared."""
        package = self.packages.package(named.package) if named.package else None
        found = self.packages.type_decl(package, named.name) if package is not None else None
        return (package, *found) if package is not None and found is not None else None

    def underlying(self, form: Form) -> Form:
        """The type behind names; `Unknown` where a declaration is missing."""
        for _ in range(_MAX_ALIASES):
            if not isinstance(form, Named):
                return form
            if not form.package:
                return ERROR_INTERFACE if form == ERROR else Interface((), (), is_constraint=True)
            form = self._declared_form(form)
        return Unknown("declarations go in a circle")

    def _declared_form(self, named: Named) -> Form:
        key = (named.package, named.name)
        if key not in self._under:
            found = self.declared(named)
            if found is None:
                self._under[key] = Unknown(f"{named.package}.{named.name} is not to be found")
            else:
                _, source, decl = found
                self._under[key] = self.resolve(decl.type, source, scope_of(decl))
        return substitute(self._under[key], named.args) if named.args else self._under[key]

    # expressions

    def resolve(self, expr: Expr, source: SourceFile, scope: Scope) -> Form:
        """The type that an expression in a file means."""
        if scope:
            return self._resolve(expr, source, scope)
        key = (id(source), expr)
        found = self._plain.get(key)
        if found is None:
            found = self._plain[key] = self._resolve(expr, source, scope)
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
            return Array(self._length(expr[1], source), self.resolve(expr[2], source, scope))
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
            for path in self._dot_imports(source):
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
        if found is None or not found[1].is_alias:
            return Named(package.path if package is not None else path, name, args)
        if self._n_deep > _MAX_ALIASES:
            return Unknown("aliases go in a circle")
        self._n_deep += 1
        try:
            source, decl = found
            form = self.resolve(decl.type, source, scope_of(decl))
        finally:
            self._n_deep -= 1
        return substitute(form, args) if args else form

    # imports and constants

    def import_path(self, alias: str, source: SourceFile) -> str | None:
        """What a package name means in a file."""
        known = self._imports.setdefault(id(source), {})
        if alias in known:
            return known[alias]
        imports = source.decls.imports
        path = next((path for name, path in imports if name == alias), None)
        unnamed = [path for name, path in imports if not name]
        if path is None:
            path = next((p for p in unnamed if guessed_name(p) == alias and self.packages.name_of(p) == alias), None)
        if path is None:
            path = next((p for p in unnamed if self.packages.name_of(p) == alias), None)
        if path is not None:
            known[alias] = path
        return path

    def _dot_imports(self, source: SourceFile) -> list[str]:
        found = self._dots.get(id(source))
        if found is None:
            found = self._dots[id(source)] = [path for name, path in source.decls.imports if name == "."]
        return found

    def _length(self, text: str, source: SourceFile) -> int:
        if text.isdigit() and not text.startswith("0"):
            return int(text) if len(text) < 19 else -1
        found = self._evaluate(text, source, 0, _MAX_CONSTS)
        return found if found is not None and 0 <= found < 1 << 62 else -1

    def _evaluate(self, text: str, source: SourceFile, iota: int, depth: int) -> int | None:
        if depth <= 0:
            return None

        def lookup(alias: str, name: str) -> int | None:
            if alias == "" and name == "iota":
                return iota
            path = source.package if not alias else self.import_path(alias, source)
            package = self.packages.package(path) if path else None
            found = self.packages.const(package, name) if package is not None else None
            return self._const(found, depth) if found is not None else None

        return evaluate(text, lookup)

    def _const(self, found: tuple[SourceFile, ConstDecl], depth: int) -> int | None:
        source, decl = found
        return self._evaluate(decl.text, source, decl.iota, depth - 1) if decl.text else None


def scope_of(decl: TypeDecl) -> Scope:
    """The names of a declaration's type parameters."""
    return {name: Param(index) for index, (name, _) in enumerate(decl.parameters) if name != "_"}
