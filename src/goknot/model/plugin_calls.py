"""Who opens whom: plugins, their host, and the calls of plugin.Open in their code."""

from __future__ import annotations

from dataclasses import dataclass

from goknot.model.knot import Evidence

HOST = -1  # in the place of a plugin's index


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call of plugin.Open.

    Attributes:
        path: The constant it is given; None: not a constant.
        in_init: Whether it runs while the plugin is initialised, so that the plugin is not ready before it returns.
        is_certain: No way through the initialiser goes past it.
        chain: From the initialiser, or the function that calls, to plugin.Open: functions, with their places.
        lookups: Constant names that the calling function looks up.
    """

    path: str | None
    in_init: bool
    is_certain: bool
    chain: tuple[Evidence, ...]
    lookups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opener:
    """A host or plugin with its calls.

    Attributes:
        name: As the user named it: a file, or a package in source.
        plugin_path: What Go calls the plugin: its import path; empty for a host.
        calls: In the order of addresses, or of lines.
    """

    name: str
    plugin_path: str
    calls: tuple[OpenCall, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """One plugin's file needs another's.

    Attributes:
        source: The plugin that needs.
        target: The plugin that is needed.
        names: C symbols that only the other defines; empty: by DT_NEEDED.
    """

    source: int
    target: int
    names: tuple[str, ...] = ()
