"""Fixtures of the whole suite. `support` is importable from every test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

if TYPE_CHECKING:
    from support.images import HeapImage, ImageMaker


@pytest.fixture(scope="session")
def heap_image(tmp_path_factory: pytest.TempPathFactory) -> ImageMaker:
    """heap_image(version, **options): a stopped program's core, dump and words; made once a run (`take_image`)."""
    from support.images import take_image

    made: dict[str, HeapImage] = {}

    def make(version: str, **options: Any) -> HeapImage:
        key = repr((version, sorted(options.items())))
        if key not in made:
            made[key] = take_image(tmp_path_factory.mktemp(f"image-{version}-"), version, **options)
        return made[key]

    return make
