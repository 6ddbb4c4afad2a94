"""The host's process as far as plugin.Open sees it: files mapped, symbols bound, words of memory."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from goknot.errors import InputError
from goknot.model.plugins import HostFile, Image, Library

_SHIFT = 44  # each file gets its own stretch of addresses, of this many bits
_MAX_TEXT_BYTES = 1 << 16
_NULL_PAGES = 4096  # below it Go turns a fault into a panic (runtime/signal_unix.go, `sigpanic`)


class Fault(Exception):  # noqa: N818 (the machine's word)
    """The program touches memory that is not there.

    Attributes:
        nil: Whether Go turns it into a panic that can be recovered.
    """

    def __init__(self, addr: int) -> None:
        super().__init__(f"{addr:#x}")
        self.nil = 0 <= addr < _NULL_PAGES


@dataclass
class Process:
    """What is mapped where.

    Attributes:
        scope: Global scope: library indices in the order in which names are looked up.
        written: Words that the program wrote: address -> value.
        mapped: Libraries that are mapped (the host's own among them).
        failed: Libraries whose module is bad.
    """

    libraries: tuple[Library, ...]
    host: HostFile
    scope: list[int] = field(default_factory=list)
    written: dict[int, int] = field(default_factory=dict)
    mapped: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    local: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def copied(self) -> Process:
        """A process that goes its own way from here."""
        twin = copy.copy(self)
        twin.scope, twin.written = list(self.scope), dict(self.written)
        twin.mapped, twin.failed, twin.local = set(self.mapped), set(self.failed), dict(self.local)
        return twin

    def image(self, library: int) -> Image:
        """The library's image, which is mapped."""
        image = self.libraries[library].image
        assert image is not None
        return image

    def base(self, library: int) -> int:
        """What is added to the addresses of a library."""
        if library == self.host.library:
            return 0 if self.image(library).fixed else 1 << (_SHIFT - 1)
        return (library + 1) << _SHIFT

    def owner(self, addr: int) -> int:
        """The library that an address belongs to."""
        return (addr >> _SHIFT) - 1 if addr >> _SHIFT else self.host.library

    def bind(self, library: int, name: bytes) -> tuple[int, int] | None:
        """(library, address) of the first definition that the loader finds for a name used in `library`."""
        own = (library,) if self.image(library).binds_to_itself else ()
        for index in (*own, *self.scope, *self.local.get(library, ())):
            addr = self.image(index).defined.get(name)
            if addr is not None:
                return index, self.base(index) + addr
        return None

    def word(self, addr: int) -> int:
        """The word at an address.

        Raises:
            Fault: Nothing is mapped there.
        """
        if addr in self.written:
            return self.written[addr]
        library = self.owner(addr)
        if library not in self.mapped:
            raise Fault(addr)
        try:
            value, name, is_addr = self.image(library).word(addr - self.base(library))
        except InputError as unmapped:
            raise Fault(addr) from unmapped
        if name:
            bound = self.bind(library, name)
            return bound[1] + value if bound else 0
        return value + self.base(library) if is_addr else value

    def text(self, addr: int, n_bytes: int) -> bytes:
        """Bytes that hold no addresses.

        Raises:
            Fault: Nothing is mapped there.
        """
        library = self.owner(addr)
        if library not in self.mapped or n_bytes > _MAX_TEXT_BYTES:
            raise Fault(addr)
        try:
            return self.image(library).bytes_at(addr - self.base(library), n_bytes)
        except InputError as unmapped:
            raise Fault(addr) from unmapped

    def string(self, addr: int) -> bytes:
        """The Go string whose header lies at an address.

        Raises:
            Fault: Nothing is mapped there.
        """
        n_bytes = self.word(addr + 8)
        return self.text(self.word(addr), n_bytes) if n_bytes else b""

    def with_needs(self, library: int) -> tuple[int, ...]:
        """A library and all it needs, breadth first, as the loader lists them."""
        found = [library]
        for index in found:
            found.extend(n for _, n in self.libraries[index].needs if n >= 0 and n not in found)
        return tuple(found)
