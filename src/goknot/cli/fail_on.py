"""The option --fail-on."""

from __future__ import annotations

from goknot.analyses.failing import AGAINST_OLDER_STATE, ALWAYS
from goknot.errors import UsageError
from goknot.model.verdict import Verdict


def fail_on_of(given: str | None, configured: tuple[str, ...] | None, *, compared: bool) -> frozenset[str]:
    """Verdicts and kinds that fail a run: the command line's, else goknot.toml's, else the default ones.

    Raises:
        UsageError: A name that is neither.
    """
    if given is not None:
        names = [name.strip() for name in given.split(",") if name.strip()]
    elif configured is not None:
        names = list(configured)
    else:
        return frozenset(AGAINST_OLDER_STATE if compared else ALWAYS)
    if names == ["none"]:
        return frozenset()
    from goknot.analyses.explain import kinds  # noqa: PLC0415 (reads pages)

    known = [*Verdict, *kinds()]
    for name in names:
        if name not in known:
            raise UsageError(
                f"--fail-on: {name!r} is neither a verdict nor a kind", f"Known: {', '.join(known)}, none."
            )
    return frozenset(names)
