"""Members of JSON objects by name and kind; what is missing or of another kind is an error that names the place."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TypeVar

from goknot.errors import InputError

Chosen = TypeVar("Chosen", bound=StrEnum)


class Members:
    """One JSON object.

    Args:
        file: The file it stands in.
        place: Where in it, e.g. `knots[3].edges[0]`.
        found: The parsed value.

    Raises:
        InputError: It is no object.
    """

    def __init__(self, file: str, place: str, found: object) -> None:
        self.file = file
        self.place = place
        if not isinstance(found, dict):
            raise InputError(file, f"{place or 'it'} is no JSON object", "Make it with --format json.")
        self._found = found

    def _odd(self, name: str, wanted: str) -> InputError:
        place = f"{self.place}.{name}" if self.place else name
        return InputError(self.file, f"{place} is not {wanted}", "Make the report anew with --format json.")

    def names(self) -> Iterator[str]:
        """The names of the members."""
        return iter(self._found)

    def value(self, name: str) -> object:
        """A member as it is; None if it is not there."""
        return self._found.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        value = self._found.get(name, default)
        if not isinstance(value, str):
            raise self._odd(name, "a text")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._found.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._odd(name, "a whole number")
        return value

    def text_or_number(self, name: str) -> str | int:
        """Either."""
        return self.text(name) if isinstance(self._found.get(name), str) else self.number(name)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._found.get(name)
        if not isinstance(value, bool):
            raise self._odd(name, "true or false")
        return value

    def chosen(self, name: str, of: type[Chosen]) -> Chosen:
        """One of the members of an enumeration."""
        try:
            return of(self.text(name))
        except ValueError:
            raise self._odd(name, f"one of {', '.join(of)}") from None

    def address(self, name: str) -> int:
        """A hexadecimal number written as text; 0 if it is not there."""
        try:
            return int(self.text(name, "0x0"), 16)
        except ValueError:
            raise self._odd(name, "an address") from None

    def listed(self, name: str) -> list[object]:
        """A list; empty if it is not there."""
        value = self._found.get(name, [])
        if not isinstance(value, list):
            raise self._odd(name, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty if it is not there."""
        values = [value for value in self.listed(name) if isinstance(value, str)]
        if len(values) != len(self.listed(name)):
            raise self._odd(name, "a list of texts")
        return tuple(values)

    def whole_numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers; empty if it is not there."""
        values = [value for value in self.listed(name) if isinstance(value, int) and not isinstance(value, bool)]
        if len(values) != len(self.listed(name)):
            raise self._odd(name, "a list of whole numbers")
        return tuple(values)

    def rows(self, name: str, n: int = 0, below: int | None = None) -> tuple[tuple[int, ...], ...]:
        """A list of lists of whole numbers, each of `n` (0: of any length) and smaller than `below`."""
        found = []
        for row in self.listed(name):
            if not isinstance(row, list) or (n and len(row) != n):
                raise self._odd(name, "a list of lists of whole numbers")
            if any(not isinstance(v, int) or isinstance(v, bool) or v < 0 for v in row):
                raise self._odd(name, "a list of lists of whole numbers")
            if below is not None and any(v >= below for v in row):
                raise self._odd(name, f"a list of numbers below {below}")
            found.append(tuple(row))
        return tuple(found)

    def range(self, name: str) -> tuple[int, int]:
        """Two addresses."""
        texts = self.texts(name)
        try:
            first, last = (int(text, 16) for text in texts)
        except ValueError:
            raise self._odd(name, "a range of addresses") from None
        return first, last

    def numbers(self, but: str = "") -> dict[str, int]:
        """All members as whole numbers, without the one called `but`."""
        return {name: self.number(name) for name in self._found if name != but}

    def member(self, name: str) -> Members:
        """An object."""
        return Members(self.file, f"{self.place}.{name}" if self.place else name, self._found.get(name))

    def given_member(self, name: str) -> Members | None:
        """An object, if it is there."""
        return self.member(name) if name in self._found else None

    def members(self, name: str, *, needed: bool = True) -> list[Members]:
        """A list of objects."""
        if needed and name not in self._found:
            raise self._odd(name, "there")
        place = f"{self.place}.{name}" if self.place else name
        return [Members(self.file, f"{place}[{at}]", one) for at, one in enumerate(self.listed(name))]
