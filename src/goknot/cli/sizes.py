"""Sizes of memory as people write them: `512M`, `4G`, `1.5GiB`."""

from __future__ import annotations

import re

import click

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(?:i?B)?|B)?", re.IGNORECASE)
_POWER = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


class SizeType(click.ParamType[int]):
    """A number of bytes; K, M, G and T are powers of 1024."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes that a text means."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no size: write 512M, 4G or a number of bytes", param, ctx)
        return int(float(found[1]) * 1024 ** _POWER[(found[2] or "").upper()])


SIZE = SizeType()
