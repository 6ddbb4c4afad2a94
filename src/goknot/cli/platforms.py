"""The platform options as a build configuration."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.inputs.source import SourceOptions
from goknot.model.settings import Settings


@dataclass(frozen=True, slots=True)
class PlatformChoice:
    """The platform options as given; None where the user said nothing."""

    goos: str | None
    goarch: str | None
    tags: str | None
    go_version: str | None
    cgo: bool | None
    all_platforms: bool


def source_options(platform: PlatformChoice, settings: Settings) -> SourceOptions:
    """The command line's word first, then goknot.toml's, then the environment's."""
    return SourceOptions.from_environment(
        goos=platform.goos or settings.goos,
        goarch=platform.goarch or settings.goarch,
        tags=tuple(tag for tag in platform.tags.replace(",", " ").split()) if platform.tags else settings.tags,
        go_version=platform.go_version or "",
        cgo=platform.cgo,
        all_platforms=platform.all_platforms or settings.all_platforms,
    )
