"""What was not followed to its end: how often, and where that was first."""

from __future__ import annotations

from dataclasses import dataclass, field

from goknot.model.report import Problem


@dataclass(slots=True)
class Bounds:
    """Counts what went over a bound."""

    _count: dict[tuple[str, str], int] = field(default_factory=dict)
    _first: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, what: str, effect: str, where: str) -> None:
        """Counts one.

        Args:
            what: Of what, in the plural: `types nested more deeply than is followed`.
            effect: What that hides.
            where: File and line.
        """
        key = (what, effect)
        self._count[key] = self._count.get(key, 0) + 1
        self._first.setdefault(key, where)

    def problems(self) -> list[Problem]:
        """One for each bound, at the first place that went over it."""
        found = []
        for (what, effect), n in sorted(self._count.items()):
            others = f" (and {n - 1} more)" if n > 1 else ""
            found.append(Problem(self._first[what, effect], f"{what}{others}", effect))
        return found
