"""What a program's registers are told: package variables that hold objects, who puts some in and who takes them out."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.spot import Spot


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often a function runs, as far as those that call it tell.

    Attributes:
        kind: `start`: only while the program starts (init, package variables, sync.Once); `once`: by main; `few`: as
            either, in a loop of so many turns; `many`: without a bound; `offered`: by whoever imports the package;
            `unknown`.
        why: In a few words.
        spot: Where it is called like that; None if nobody calls it.
    """

    kind: str
    why: str = ""
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class WayOut:
    """Whether anything takes elements out of a register.

    Attributes:
        kind: `none`, `alias` (the register is known by other names), `unused` (a function that nobody calls), `there`.
        name: The function that does; empty if there is none.
    """

    kind: str
    name: str = ""
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """Something that is put into a register.

    Attributes:
        event: Order of the event in its function's facts.
        values: Nodes that are put in and were made by the function where `where` stands, or came to it.
        table: Node that is the register; -1: one of another module.
        register: Its name: `bus.listeners`, `bus.Default.all`.
        package: Import path of its package; empty if that is not one of the program's.
        plugin: Where the variable is declared, if its package is a plugin.
        given: Whether the register came as a parameter, so that it may be another of its type.
        apart: Whether a method of another package makes and registers, in whatever its receiver is.
        where: The line that registers, in the function that made the object.
        maker: That function.
        depth: How many calls lie between the function looked at and that line.
        grows: `each`: every call adds one; `same`: it replaces the one before; `named`: so if the name is the same;
            `looked-up`: by a name that is looked for first, as caches do; `unique`: by a name that ends the program if
            it comes twice; `bounded`: no more than so many, as a look at the length says.
        way_out: Who takes elements out.
        ticket: What the call gave that would take it out: `none`, `dropped`, `kept`.
        frequency: How often the maker runs.
        ends: Method of what is registered that ends it (Close, Stop); empty if it has none.
    """

    event: int
    values: tuple[int, ...]
    table: int
    register: str
    given: bool
    apart: bool
    where: Spot
    maker: str
    depth: int
    grows: str
    way_out: WayOut
    ticket: str
    frequency: Frequency
    ends: str = ""
    package: str = ""
    plugin: Spot | None = None
