"""What calls of given functions look like in each file that may have one: by how the file names their package."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from goknot.inputs.source.bodies.corpus import Corpus

_CALLED = r"\s*(?:\[[^\]\n]*\])?\("


def calls_by_file(corpus: Corpus, functions: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Patterns of calls.

    Args:
        corpus: The files.
        functions: Import path and name (`F`, or `T.M`, of which the type is not looked at) of what is called.

    Returns:
        Path of a file -> regular expressions of calls in it.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path, full in sorted(set(functions)):
        owner, _, name = full.rpartition(".")
        word, escaped = name.encode(), re.escape(name)
        everywhere = name[:1].isupper()
        if owner:
            for file in corpus.with_word(word) if everywhere else corpus.with_word_in(word, path):
                found[file.path].add(rf"\.\s*{escaped}{_CALLED}")
            continue
        for file in corpus.with_word_in(word, path):
            found[file.path].add(rf"(?<![\w.]){escaped}{_CALLED}")
        for file, alias in corpus.importing(path, word) if everywhere else ():
            found[file.path].add(rf"\b{re.escape(alias)}\s*\.\s*{escaped}{_CALLED}")
    return found


def compiled(patterns_by_file: Mapping[str, set[str]]) -> dict[str, re.Pattern[bytes]]:
    """One pattern a file; files with the same calls share it."""
    shared: dict[frozenset[str], re.Pattern[bytes]] = {}
    found = {}
    for path, patterns in patterns_by_file.items():
        key = frozenset(patterns)
        if key not in shared:
            shared[key] = re.compile("|".join(sorted(key)).encode())
        found[path] = shared[key]
    return found
