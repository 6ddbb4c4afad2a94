"""What a person calls a finalizer or a cleanup: by the function it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from goknot.goruntime.image import HeapImage

_OWN = ("runtime.AddCleanup", "runtime.SetFinalizer")  # what wraps the user's function (runtime/mcleanup.go)


def special_name(image: HeapImage, index: int) -> str:
    """`finalizer main.(*File).close`; the kind alone when no function is found."""
    special = image.specials[index]
    function = _function(image, np.array(special.word_addr, np.uint64))
    return f"{special.kind} {function}" if function else special.kind


def _function(image: HeapImage, places: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> str:
    """A special's words hold function values; up to Go 1.25 a cleanup's is a closure that holds the user's."""
    values = image.space.words_at(places)
    found = [_name(image, value) for value in values.tolist()]
    behind = image.space.words_at(np.array([value + 8 for value in values.tolist() if value], np.uint64))
    found += [_name(image, value) for value in behind.tolist()]
    return next((name for name in found if name and not name.startswith(_OWN)), "")


def _name(image: HeapImage, value: int) -> str:
    """The function whose value (a pointer to its entry's address) a word is."""
    if not value:
        return ""
    entry = int(image.space.words_at(np.array([value], np.uint64))[0])
    function = image.functions.find(entry) if entry else None
    return function.name if function and function.entry_addr == entry else ""
