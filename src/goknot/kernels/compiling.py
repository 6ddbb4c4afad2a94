"""Functions to machine code. The only module that imports numba."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numba
from numba.extending import register_jitable

from goknot.kernels.linking import UnlinkableError, link
from goknot.kernels.signature import ArrayKind, IntKind, Signature

ENTRY = "goknot_entry"
OPTIONS = {"error_model": "numpy", "nogil": True}
_njit: Any = numba.njit  # typed in some releases of numba only
_config: Any = numba.core.config
_types: Any = numba.types
_HELPERS: set[Callable[..., Any]] = set()
_COMPILING = threading.RLock()  # numba's folder is set for one at a time


def dispatcher(
    function: Callable[..., Any], signature: Signature, helpers: Sequence[Callable[..., Any]], folder: Path | None
) -> Any:
    """A function as numba runs it, kept in `folder` if there is one; for machines that have no images."""
    with _COMPILING:
        _know(helpers)
        before = _config.CACHE_DIR
        _config.CACHE_DIR = "" if folder is None else str(folder)
        try:
            return _njit([_signature(signature)], cache=folder is not None, **OPTIONS)(function)
        finally:
            _config.CACHE_DIR = before


def image(
    function: Callable[..., Any], signature: Signature, helpers: Sequence[Callable[..., Any]]
) -> tuple[bytes, int] | None:
    """Machine code that runs wherever it is put, and where in it the entry is; see `images` for how it is called.

    None if numba makes of it what needs more than its arguments (or lays them out in another way than is known here).
    """
    with _COMPILING:
        _know(helpers)
        wrapped = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        compiled = _njit([_signature(signature)], **wrapped, **OPTIONS)(function)
        (result,) = compiled.overloads.values()
        text = result.library.get_llvm_str()
        entry = _entry(llvm.parse_assembly(text).get_function(result.fndesc.llvm_func_name), signature)
        if entry is None:
            return None
        module = llvm.parse_assembly(text + entry)
        module.verify()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=3,
            reloc="pic",
            codemodel="small",
        )
        try:
            return link(machine.emit_object(module), ENTRY)
        except UnlinkableError:
            return None


def _know(helpers: Sequence[Callable[..., Any]]) -> None:
    for one in helpers:
        if one not in _HELPERS:
            register_jitable(forceinline=True, **OPTIONS)(one)
            _HELPERS.add(one)


def _kind(kind: Any) -> Any:
    if kind is None:
        return _types.void
    if isinstance(kind, tuple):
        return _types.Tuple([_kind(one) for one in kind])
    item = getattr(_types, kind.item)
    if isinstance(kind, IntKind):
        return item
    layout = "A" if kind.at_every_byte else "C"
    return _types.Array(item, 1, layout, readonly=kind.readonly, aligned=not kind.at_every_byte)


def _signature(signature: Signature) -> Any:
    return _kind(signature.result)(*(_kind(one) for one in signature.arguments))


def _entry(function: Any, signature: Signature) -> str | None:
    """A function in LLVM's language that takes the address of an array of words and calls `function`.

    The words: room for the results, one for an error (no kernel raises any), then the arguments (see `images`). Numba's
    functions take a place for the result, one for the error, and the arguments in pieces: an array as (its owner, its
    object, length, bytes of an item, address, length, bytes from one item to the next), numbers as they are.
    """
    error = max(signature.n_results, 1)
    pieces = ["%base", f"%at{error}"]  # whole numbers; those of them that are addresses are made so below
    at = error + 1
    for kind in signature.flat:
        if isinstance(kind, ArrayKind):
            pieces += ["0", "0", f"%word{at + 1}", str(kind.dtype.itemsize), *(f"%word{at + k}" for k in range(3))]
            at += 3
        else:
            pieces.append(f"%word{at}")
            at += 1
    types = [str(argument.type) for argument in function.arguments]
    if len(types) != len(pieces):
        return None
    words = "ptr" if "ptr" in types else "i64*"
    lines = [f"define i32 @{ENTRY}(i64 %base) {{", f"%at{error} = add i64 %base, {8 * error}"]
    for k in range(error + 1, at):
        lines.append(f"%at{k} = add i64 %base, {8 * k}")
        lines.append(f"%place{k} = inttoptr i64 %at{k} to {words}")
        lines.append(f"%word{k} = load i64, {words} %place{k}")
    given = []
    for number, (wanted, piece) in enumerate(zip(types, pieces, strict=True)):
        if wanted != "i64":
            lines.append(f"%piece{number} = inttoptr i64 {piece} to {wanted}")
        given.append(f"{wanted} {piece if wanted == 'i64' else f'%piece{number}'}")
    lines += [f'%status = call i32 @"{function.name}"({", ".join(given)})', "ret i32 %status", "}"]
    return "\n".join(["", *lines, ""])
