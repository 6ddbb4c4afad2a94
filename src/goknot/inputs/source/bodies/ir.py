"""The statements and expressions of a body, as far as they move pointers. Made by `lowering`, run by `runner`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from goknot.inputs.source.bodies.gotype import GoType

Pos = tuple[int, int]  # line and column (bytes) from 1


@dataclass(slots=True)
class Name:
    """A variable, constant, function or nothing known."""

    name: str
    pos: Pos


@dataclass(slots=True)
class Select:
    """`base.name`: a field, a method, or something of a package."""

    base: Expr
    name: str
    pos: Pos


@dataclass(slots=True)
class Call:
    """A call, a conversion or a builtin; `types` are types given as arguments."""

    callee: Expr
    args: tuple[Expr, ...]
    types: tuple[GoType | None, ...]
    pos: Pos


@dataclass(slots=True)
class Item:
    """An element of a composite literal; `field` is its key if that is a name."""

    field: str
    key: Expr | None
    value: Expr
    pos: Pos


@dataclass(slots=True)
class Literal:
    """A composite literal; an elided type is None."""

    type: GoType | None
    items: tuple[Item, ...]
    pos: Pos


@dataclass(slots=True)
class Lambda:
    """A function literal."""

    func: Func
    pos: Pos


@dataclass(slots=True)
class Address:
    """`&x`."""

    value: Expr
    pos: Pos


@dataclass(slots=True)
class Deref:
    """`*x`."""

    value: Expr


@dataclass(slots=True)
class Receive:
    """`<-x`."""

    channel: Expr
    pos: Pos


@dataclass(slots=True)
class Index:
    """`x[i]`, or a generic function with its arguments."""

    base: Expr
    index: Expr
    pos: Pos


@dataclass(slots=True)
class Cast:
    """`x.(T)` or `T(x)`."""

    value: Expr
    type: GoType | None


@dataclass(slots=True)
class Several:
    """Expressions whose values are no pointers: operands of an operator; `text` is the source, if it is short."""

    parts: tuple[Expr, ...]
    text: str = ""


@dataclass(slots=True)
class Constant:
    """A literal; `nil` is `nil`."""

    text: str


Expr: TypeAlias = (
    Name | Select | Call | Literal | Lambda | Address | Deref | Receive | Index | Cast | Several | Constant
)
NOTHING = Constant("")
NIL = Constant("nil")


@dataclass(slots=True)
class Assign:
    """`left = right`; `define` for `:=` and `var`, with the declared type if there is one."""

    left: tuple[Expr, ...]
    right: tuple[Expr, ...]
    define: bool
    type: GoType | None
    pos: Pos


@dataclass(slots=True)
class Run:
    """An expression as a statement."""

    value: Expr


@dataclass(slots=True)
class Go:
    """A go statement."""

    call: Expr
    pos: Pos


@dataclass(slots=True)
class Defer:
    """A defer statement."""

    call: Expr
    pos: Pos


@dataclass(slots=True)
class Return:
    """A return statement."""

    values: tuple[Expr, ...]
    pos: Pos


@dataclass(slots=True)
class If:
    """An if statement; its initializer stands before it in a block of its own. `text` is its condition as written."""

    condition: Expr
    then: Block
    otherwise: Block
    pos: Pos
    text: str = ""


@dataclass(slots=True)
class Loop:
    """A for statement.

    Attributes:
        kind: `ever` (no condition), `while` or `range`.
        subject: What is ranged over, or the condition.
        left: The variables of a range.
        bound: How often it runs, as it is written; empty if that is not to be seen.
    """

    kind: str
    subject: Expr
    left: tuple[Expr, ...]
    define: bool
    body: Block
    label: str
    pos: Pos
    bound: str = ""


@dataclass(slots=True)
class Case:
    """A case; `guard` is the communication of a select, as a statement."""

    guard: Stmt | None
    body: Block
    is_default: bool


@dataclass(slots=True)
class Switch:
    """A switch; of a type switch `alias` is the variable."""

    subject: Expr
    alias: str
    cases: tuple[Case, ...]
    types: tuple[GoType | None, ...]  # type switches: of each case, if it names one
    label: str
    pos: Pos


@dataclass(slots=True)
class Choose:
    """A select statement."""

    cases: tuple[Case, ...]
    label: str
    pos: Pos


@dataclass(slots=True)
class Send:
    """`channel <- value`."""

    channel: Expr
    value: Expr
    pos: Pos


@dataclass(slots=True)
class Leave:
    """break, continue or goto."""

    word: str
    label: str


@dataclass(slots=True)
class Group:
    """A block of its own."""

    body: Block


Stmt: TypeAlias = Assign | Run | Go | Defer | Return | If | Loop | Switch | Choose | Send | Leave | Group
Block: TypeAlias = tuple[Stmt, ...]


@dataclass(slots=True)
class Param:
    """A parameter or a result."""

    name: str
    type: GoType | None


@dataclass(slots=True, eq=False)
class Func:
    """A function or function literal.

    Attributes:
        name: `F`, `T.M`, or that of the function around a literal.
        package: Import path.
        file: Relative to the scanned folder.
        pos: Where it begins.
        imports: Name in the file -> import path.
        free: Names a literal takes from around it, in order of use.
        matters: Whether its text has a word that sets finalizers and the like.
        bounded: Why not all of the body is there; empty if it is.
        counted: Names that are changed by `++`, `+=` and the like, here or in a literal.
        pending: Reads the body, which nobody has needed yet; None: it is there.
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
    matters: bool = False
    bounded: str = ""
    is_literal: bool = False
    counted: set[str] = field(default_factory=set)
    pending: Callable[[Func], None] | None = None

    def need_body(self) -> None:
        """Reads the body and what comes of it (`free`, `counted`, `bounded`), if that has not been done."""
        pending, self.pending = self.pending, None
        if pending is not None:
            pending(self)
