"""The statements and expressions of a function body, as far as they move pointers. Made by `lowering`, run by `runner`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from goknot.inputs.source.bodies.gotype import GoType

Pos = tuple[int, int]  # line and column (bytes) from 1


class Name(NamedTuple):
    """A variable, constant, function or nothing known."""

    name: str
    pos: Pos


class Select(NamedTuple):
    """`base.name`: a field, a method, or something of a package."""

    base: Expr
    name: str
    pos: Pos


class Call(NamedTuple):
    """A call, a conversion or a builtin; `types` are types given as arguments."""

    callee: Expr
    args: tuple[Expr, ...]
    types: tuple[GoType | None, ...]
    pos: Pos


class Item(NamedTuple):
    """An element of a composite literal; `field` is its key if that is a name."""

    field: str
    key: Expr | None
    value: Expr
    pos: Pos


class Literal(NamedTuple):
    """A composite literal; an elided type is None."""

    type: GoType | None
    items: tuple[Item, ...]
    pos: Pos


class Lambda(NamedTuple):
    """A function literal."""

    func: Func
    pos: Pos


class Address(NamedTuple):
    """`&x`."""

    value: Expr
    pos: Pos


class Deref(NamedTuple):
    """`*x`."""

    value: Expr


class Receive(NamedTuple):
    """`<-x`."""

    channel: Expr
    pos: Pos


class Index(NamedTuple):
    """`x[i]`, or a generic function with its arguments."""

    base: Expr
    index: Expr
    pos: Pos


class Cast(NamedTuple):
    """`x.(T)` or `T(x)`."""

    value: Expr
    type: GoType | None


class Several(NamedTuple):
    """Expressions whose values are no pointers: operands of an operator."""

    parts: tuple[Expr, ...]


class Constant(NamedTuple):
    """A literal; `nil` is `nil`."""

    text: str


Expr: TypeAlias = (
    Name
    | Select
    | Call
    | Literal
    | Lambda
    | Address
    | Deref
    | Receive
    | Index
    | Cast
    | Several
    | Constant
)
NOTHING = Constant("")
NIL = Constant("nil")


class Assign(NamedTuple):
    """`left = right`; `define` for `:=` and `var`, with the declared type if there is one."""

    left: tuple[Expr, ...]
    right: tuple[Expr, ...]
    define: bool
    type: GoType | None
    pos: Pos


class Run(NamedTuple):
    """An expression as a statement."""

    value: Expr


class Go(NamedTuple):
    """A go statement."""

    call: Expr
    pos: Pos


class Defer(NamedTuple):
    """A defer statement."""

    call: Expr
    pos: Pos


class Return(NamedTuple):
    """A return statement."""

    values: tuple[Expr, ...]
    pos: Pos


class If(NamedTuple):
    """An if statement; its initializer stands before it in a block of its own."""

    condition: Expr
    then: Block
    otherwise: Block
    pos: Pos


class Loop(NamedTuple):
    """A for statement.

    Attributes:
        kind: `ever` (no condition), `while` or `range`.
        subject: What is ranged over, or the condition.
        left: The variables of a range.
    """

    kind: str
    subject: Expr
    left: tuple[Expr, ...]
    define: bool
    body: Block
    label: str
    pos: Pos


class Case(NamedTuple):
    """A case; `guard` is the communication of a select, as a statement."""

    guard: Stmt | None
    body: Block
    is_default: bool


class Switch(NamedTuple):
    """A switch; of a type switch `alias` is the variable."""

    subject: Expr
    alias: str
    cases: tuple[Case, ...]
    types: tuple[GoType | None, ...]  # type switches: of each case, if it names one
    label: str


class Choose(NamedTuple):
    """A select statement."""

    cases: tuple[Case, ...]
    label: str
    pos: Pos


class Send(NamedTuple):
    """`channel <- value`."""

    channel: Expr
    value: Expr
    pos: Pos


class Leave(NamedTuple):
    """break, continue or goto."""

    word: str
    label: str


class Group(NamedTuple):
    """A block of its own."""

    body: Block


Stmt: TypeAlias = Assign | Run | Go | Defer | Return | If | Loop | Switch | Choose | Send | Leave | Group
Block: TypeAlias = tuple[Stmt, ...]


class Param(NamedTuple):
    """A parameter or a result."""

    name: str
    type: GoType | None


@dataclass(slots=True)
class Func:
    """A function or function literal.

    Attributes:
        name: `F`, `T.M`, or that of the function around a literal.
        package: Import path.
        file: Relative to the scanned folder.
        pos: Where it begins.
        imports: Name in the file -> import path.
        free: Names a literal takes from around it, in order of use.
        bounded: Why not all of the body is there; empty if it is.
    """

    name: str
    package: str
    file: str
    pos: Pos
    imports: Mapping[str, str]
    receiver: Param | None = None
    params: tuple[Param, ...] = ()
    results: tuple[Param, ...] = ()
    variadic: bool = False
    body: Block = ()
    free: dict[str, None] = field(default_factory=dict)
    bounded: str = ""
    is_literal: bool = False
