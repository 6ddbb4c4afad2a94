"""How one knot looks at several levels: links to other knots, and the chain from module to object."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class KnotLink:
    """Another knot of the same report that is about the same thing.

    Attributes:
        id: Its fingerprint.
        why: In a few words, e.g. `same type`.
    """

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One level of an evidence chain.

    Attributes:
        level: `module`, `package`, `folder`, `type`, `field`, `statement`, `plugin`, `root`, `object`, `goroutine`,
            `escape`.
        name: What a person calls it.
        file: Where it stands in the source, if it does.
        line: From 1; 0 if not known.
        text: What stands there.
        note: One remark: how sure the step is, counts and bytes.
    """

    level: str
    name: str
    file: str = ""
    line: int = 0
    text: str = ""
    note: str = ""
