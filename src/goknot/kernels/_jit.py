"""The one way kernels are declared: signatures fixed, compiled once and kept, no bounds checks, the GIL released.

A kernel is loaded (or compiled) when it is first called, or before by `kernels.warm`. Its signature is fixed: a wrong
array kind is an error instead of a second compilation. Inputs are declared read-only: writable arrays are accepted too.
Numba is imported by whoever compiles only: what is kept are images of machine code, which run without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from goknot.kernels import cache, images
from goknot.kernels.signature import ArrayKind, IntKind, Signature

F = TypeVar("F", bound=Callable[..., Any])

i64, u64, void = IntKind("int64"), IntKind("uint64"), None
IN_I32, IN_I64, IN_U8, IN_U16, IN_U64 = (
    ArrayKind(item, readonly=True) for item in ("int32", "int64", "uint8", "uint16", "uint64")
)
OUT_I32, OUT_I64, OUT_U8, OUT_U16, OUT_U64 = (
    ArrayKind(item, readonly=False) for item in ("int32", "int64", "uint8", "uint16", "uint64")
)
MEMORY_U64 = ArrayKind("uint64", readonly=True, at_every_byte=True)  # a word at every byte

_LOADING = threading.RLock()  # two threads may run kernels


def tuple_of(*items: Any) -> Any:
    """The kind of a tuple."""
    return items


class Kernel:
    """A function that is compiled for one list of kinds, or loaded from the cache, when it is first called."""

    def __init__(self, function: Callable[..., Any], signature: Signature) -> None:
        self.function, self.signature = function, signature
        self._run: Callable[..., Any] | None = None
        KERNELS.append(self)

    @property
    def name(self) -> str:
        """Its module and name."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def load(self) -> Callable[..., Any]:
        """Compiles or loads it, unless that is done."""
        if self._run is None:
            with _LOADING:
                if self._run is None:
                    self._run = self._load()
        return self._run

    def _load(self) -> Callable[..., Any]:
        folder = cache.locate().folder
        path = folder / f"{self.name}.image" if folder is not None and images.may_run(folder) else None
        if path is not None and (kept := images.load(path, self.signature)) is not None:
            return kept
        from goknot.kernels import compiling  # noqa: PLC0415 (numba)

        if path is not None and (made := compiling.image(self.function, self.signature, HELPERS)) is not None:
            images.keep(path, made)
            if (kept := images.load(path, self.signature)) is not None:
                return kept
        return cast("Callable[..., Any]", compiling.dispatcher(self.function, self.signature, HELPERS, folder))

    def __call__(self, *arguments: Any) -> Any:
        """Runs it."""
        return (self._run or self.load())(*arguments)


KERNELS: list[Kernel] = []  # of the modules imported so far, in their order
HELPERS: list[Callable[..., Any]] = []


def kernel(result: Any, *arguments: Any) -> Callable[[F], F]:
    """Makes a kernel of a function, for exactly these kinds."""

    def made(function: F) -> F:
        return cast("F", Kernel(function, Signature(result, arguments)))

    return made


def helper(function: F) -> F:
    """Lets kernels of the same file call a function.

    It is compiled into their very code: a call would count the references of every array it is given.
    """
    HELPERS.append(function)
    return function
