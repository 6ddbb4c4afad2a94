"""The one way kernels are compiled: signatures fixed, cached on disk, no bounds checks, the GIL released.

A kernel is compiled (or loaded) when it is first called, or before by `kernels.warm`. Its signature is fixed: a wrong
array kind is an error instead of a second compilation. Inputs are declared read-only: writable arrays are accepted too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from goknot.kernels import cache

F = TypeVar("F", bound=Callable[..., Any])
_njit: Any = numba.njit  # typed in some releases of numba only
_config: Any = numba.core.config
_types: Any = numba.types


def _array(item: Any, readonly: bool) -> Any:
    return _types.Array(item, 1, "C", readonly=readonly)


i32, i64, u8, u16, u64 = _types.int32, _types.int64, _types.uint8, _types.uint16, _types.uint64
f64, void = _types.float64, _types.void
IN_I32, IN_I64, IN_U8, IN_U16, IN_U64 = (_array(item, True) for item in (i32, i64, u8, u16, u64))
OUT_I32, OUT_I64, OUT_U8, OUT_U16, OUT_U64 = (_array(item, False) for item in (i32, i64, u8, u16, u64))
OPTIONS = {"error_model": "numpy", "nogil": True}


_LOADING = threading.RLock()  # two threads may run kernels; numba's folder is set for one at a time


def tuple_of(*items: Any) -> Any:
    """The type of a tuple that a kernel returns."""
    return _types.Tuple(items)


class Kernel:
    """A function that is compiled for one list of types, or loaded from the cache, when it is first called."""

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.function, self._signature = function, signature
        self._compiled: Any = None
        KERNELS.append(self)

    @property
    def name(self) -> str:
        """Its module and name."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def compiled(self) -> Any:
        """Numba's dispatcher."""
        if self._compiled is None:
            with _LOADING:
                if self._compiled is None:
                    self._compiled = self._load()
        return self._compiled

    def _load(self) -> Any:
        folder = cache.locate().folder
        before = _config.CACHE_DIR
        _config.CACHE_DIR = "" if folder is None else str(folder)
        try:
            return _njit([self._signature], cache=folder is not None, **OPTIONS)(self.function)
        finally:
            _config.CACHE_DIR = before

    def compile(self) -> None:
        """Compiles or loads it now."""
        self._compiled = self.compiled

    def __call__(self, *arguments: Any) -> Any:
        """Runs it."""
        return self.compiled(*arguments)


KERNELS: list[Kernel] = []  # of the modules imported so far, in their order


def kernel(result: Any, *arguments: Any) -> Callable[[F], F]:
    """Makes a kernel of a function, for exactly these types."""

    def made(function: F) -> F:
        return cast("F", Kernel(function, result(*arguments)))

    return made


def helper(function: F) -> F:
    """Compiles a function into the kernels of the same file that call it.

    Into their very code: a call would count the references of every array it is given.
    """
    return cast("F", _njit(forceinline=True, **OPTIONS)(function))
