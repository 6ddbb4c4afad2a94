"""Compressed sparse rows, as the kernels take them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Rows(NamedTuple):
    """Lists of nodes, one a row.

    Attributes:
        start: row -> index of its first target; n_rows + 1 entries, int64.
        target: index -> node; int32.
    """

    start: NDArray[np.int64]
    target: NDArray[np.int32]

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return len(self.start) - 1

    def of(self, row: int) -> NDArray[np.int32]:
        """The targets of one row."""
        return self.target[self.start[row] : self.start[row + 1]]
