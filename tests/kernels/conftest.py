"""Kernels are there before the clock of hypothesis runs."""

from __future__ import annotations

import pytest

from goknot import kernels


@pytest.fixture(scope="session", autouse=True)
def _kernels() -> None:
    kernels.warm()
