"""The texts of a program, indexed: which files have a word, import a package, declare a function."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from goknot.inputs.source.bodies.program import Program
from goknot.inputs.source.bodies.texts import alias_in

_METHOD = re.compile(rb"\nfunc \([^)\n]*\) ([\w\x80-\xff]+)\(")
_HEADER = re.compile(
    rb"^func\s*(?:\([^)\n]*?([\w\x80-\xff]+)(?:\[[^\]\n]*\])?\)\s*)?([\w\x80-\xff]+)",
    re.MULTILINE,
)
_BY_WORD = bytes(c if c >= 0x80 or c == 0x5F or chr(c).isalnum() else 0x20 for c in range(256))


class File(NamedTuple):
    """One file.

    Attributes:
        package: Import path of its package.
        path: Relative to the scanned folder.
    """

    package: str
    path: str
    data: bytes


class Corpus:
    """The files of the packages that are asked for.

    Args:
        program: Reads them.

    Attributes:
        nodes: Import path -> package of the scan.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.nodes = {
            package.import_path: node for node, package in enumerate(program.scan.packages) if package.asked_for
        }
        self._files: dict[str, list[File]] = {}
        self._words: dict[bytes, list[File]] | None = None
        self._methods: Counter[bytes] | None = None
        self._headers: dict[str, dict[tuple[bytes, bytes], tuple[File, int]]] = {}
        self._imported: dict[str, list[File]] | None = None
        self._importers: dict[str, dict[File, str]] = {}
        self._place_by_path: dict[str, int] = {}  # path of a file -> its place among all

    def name_of(self, path: str) -> str:
        """The name of a package in its clauses."""
        return self.program.scan.packages[self.nodes[path]].name

    def files(self, path: str) -> list[File]:
        """The files of a package; none if it is not asked for."""
        found = self._files.get(path)
        if found is None:
            node = self.nodes.get(path)
            texts = self.program.texts(node) if node is not None else ()
            found = self._files[path] = [File(path, where, data) for where, data in texts]
        return found

    def all_files(self) -> Iterator[File]:
        """Every file, in the order of the packages."""
        for path in self.nodes:
            yield from self.files(path)

    def with_word(self, word: bytes) -> list[File]:
        """The files that have a word, in the order of the packages."""
        if self._words is None:
            self._words = defaultdict(list)
            for file in self.all_files():
                for found in set(file.data.translate(_BY_WORD).split()):
                    self._words[found].append(file)
        return self._words.get(word, [])

    def with_any(self, words: Iterable[bytes]) -> list[File]:
        """The files that have any of some words, in the order of the packages."""
        found = {file.path: file for word in words for file in self.with_word(word)}
        return sorted(found.values(), key=self._place)

    def _place(self, file: File) -> int:
        if not self._place_by_path:
            self._place_by_path.update({file.path: place for place, file in enumerate(self.all_files())})
        return self._place_by_path[file.path]

    def with_word_in(self, word: bytes, path: str) -> list[File]:
        """The files of a package that have a word."""
        return [file for file in self.with_word(word) if file.package == path]

    def importers(self, path: str) -> dict[File, str]:
        """The files that import a package -> what they call it."""
        found = self._importers.get(path)
        if found is None:
            if self._imported is None:
                self._imported = self._imports()
            name = self.name_of(path) if path in self.nodes else path.rpartition("/")[2]
            named = ((file, alias_in(file.data, path, name)) for file in self._imported.get(path, ()))
            found = self._importers[path] = {file: alias for file, alias in named if alias}
        return found

    def importing(self, path: str, word: bytes) -> Iterator[tuple[File, str]]:
        """The files that import a package and have a word, with what they call the package."""
        importers = self.importers(path)
        for file in self.with_word(word):
            alias = importers.get(file)
            if alias is not None:
                yield file, alias

    def _imports(self) -> dict[str, list[File]]:
        """Import path -> the files that import it."""
        found: dict[str, list[File]] = defaultdict(list)
        for path, node in self.nodes.items():
            heads = dict(self.program.scan.files_of(node, tests=False))
            for file in self.files(path):
                head = heads.get(file.path.rpartition("/")[2])
                for imported in dict.fromkeys(head.read_paths) if head is not None else ():
                    found[imported].append(file)
        return found

    def header(self, path: str, owner: str, name: str) -> tuple[File, int] | None:
        """Where a function (of no owner) or a method of a package begins."""
        found = self._headers.get(path)
        if found is None:
            found = self._headers[path] = {}
            for file in self.files(path):
                for match in _HEADER.finditer(file.data):
                    found.setdefault((match[1] or b"", match[2]), (file, match.start()))
        return found.get((owner.encode(), name.encode()))

    def n_methods(self, name: str) -> int:
        """How many types of the program have a method of that name."""
        if self._methods is None:
            self._methods = Counter(found for file in self.all_files() for found in _METHOD.findall(file.data))
        return self._methods[name.encode()]
