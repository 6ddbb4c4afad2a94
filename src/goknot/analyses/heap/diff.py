"""Two images of one program: what grew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from goknot.analyses.heap.groups import RingGroup

Key = tuple[str, ...]  # names alone: never addresses or counts


class ChangeKind(StrEnum):
    """What became of something between two images."""

    NEW = "new"
    GREW = "grew"
    SHRANK = "shrank"
    SAME = "same"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Amount:
    """How many there are and what they weigh."""

    count: int
    n_bytes: int

    def plus(self, other: Amount) -> Amount:
        """Both together."""
        return Amount(self.count + other.count, self.n_bytes + other.n_bytes)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing in both images, `base` the older."""

    key: Key
    kind: ChangeKind
    base: Amount
    target: Amount

    @property
    def grown_count(self) -> int:
        """How many more there are."""
        return self.target.count - self.base.count

    @property
    def grown_bytes(self) -> int:
        """How many bytes more they weigh."""
        return self.target.n_bytes - self.base.n_bytes


def amounts_of_rings(groups: Iterable[RingGroup]) -> dict[Key, Amount]:
    """Signature -> instances and retained bytes; groups that differ in their reason alone are one."""
    found: dict[Key, Amount] = {}
    for group in groups:
        found[group.key] = found.get(group.key, Amount(0, 0)).plus(Amount(group.n_instances, group.retained_bytes))
    return found


def compare(base: Mapping[Key, Amount], target: Mapping[Key, Amount]) -> tuple[Change, ...]:
    """Pairs what has the same key; what grew most bytes first, then most in number, then by key."""
    none = Amount(0, 0)
    changes = []
    for key in base.keys() | target.keys():
        before, after = base.get(key, none), target.get(key, none)
        changes.append(Change(key, _kind(key in base, key in target, before, after), before, after))
    return tuple(sorted(changes, key=lambda one: (-one.grown_bytes, -one.grown_count, one.key)))


def _kind(in_base: bool, in_target: bool, before: Amount, after: Amount) -> ChangeKind:
    if not in_base:
        return ChangeKind.NEW
    if not in_target:
        return ChangeKind.GONE
    if before == after:
        return ChangeKind.SAME
    return ChangeKind.GREW if (after.count, after.n_bytes) > (before.count, before.n_bytes) else ChangeKind.SHRANK
