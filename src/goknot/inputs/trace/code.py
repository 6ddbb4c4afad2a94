"""Where a file's functions lie in a running program."""

from __future__ import annotations

import re
from pathlib import Path

from goknot.errors import GoknotError, InputError
from goknot.formats import buildinfo
from goknot.goruntime.filemodule import build_blob, find_file_module
from goknot.goruntime.functiontable import FunctionTable
from goknot.goruntime.pclntab import PclnTable
from goknot.memory.fileimage import open_file_image

_INIT = re.compile(r"\.init(\.\d+)?$")
MAX_INITS = 2000


class LoadedCode:
    """The functions of a host or plugin.

    Args:
        path: The file.
        base_addr: Where it is mapped, lowest address; 0: where it was linked for.

    Raises:
        InputError: It cannot be read, or holds no Go code for amd64.
    """

    def __init__(self, path: str, base_addr: int) -> None:
        image = open_file_image(path)
        if image.file.arch != "amd64":
            raise InputError(path, f"is for {image.file.arch}", "programs for amd64 can be traced")
        found = find_file_module(image, buildinfo.go_version(build_blob(image)) or "")
        if found is None:
            raise InputError(path, "holds no module data of Go that can be read", "is it a Go program?")
        self.path, self._space = path, image.space
        self.layout = found.layout
        self._table = FunctionTable(image.space, found.module)
        self._places = PclnTable(image.space, (found.module,))
        lowest = min((one.part.addr & -4096 for one in image.loaded), default=0)
        self.slide = base_addr - lowest if image.file.moves and base_addr else 0
        self._text = found.module.text_addr, found.module.etext_addr

    def entries(self, name: str) -> list[int]:
        """Addresses of the functions of a name."""
        return [self._table.bounds(function)[0] + self.slide for function in self._table.named(name)]

    def returns(self, name: str) -> list[int]:
        """Addresses of the return instructions of the functions of a name."""
        import capstone  # noqa: PLC0415 (for a trace only)

        engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
        found = []
        for function in self._table.named(name):
            start, end = self._table.bounds(function)
            code = engine.disasm_lite(self._space.read(start, end - start), start)
            found += [addr + self.slide for addr, _, mnemonic, _ in code if mnemonic == "ret"]
        return found

    def inits(self) -> dict[int, str]:
        """Address -> name of the initialisers."""
        names = ((function, self._table.name(function)) for function in range(len(self._table)))
        chosen = [(function, name) for function, name in names if _INIT.search(name)][:MAX_INITS]
        return {self._table.bounds(function)[0] + self.slide: name for function, name in chosen}

    def frames(self, addr: int) -> tuple[tuple[str, str], ...]:
        """(function, `file:line`) of a return address, inlined calls first; empty where it lies elsewhere."""
        linked = addr - self.slide
        if not self._text[0] <= linked < self._text[1]:
            return ()
        try:
            function = self._places.find(linked)
            return tuple(self._places.calls(function, linked)) if function else ()
        except GoknotError:
            return ()


def mapped_files(pid: int) -> dict[str, int]:
    """Path -> lowest address, of the files mapped into a process."""
    found: dict[str, int] = {}
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return found
    for line in lines:
        span, *_, path = line.split(maxsplit=5)
        if path.startswith("/"):
            found.setdefault(path, int(span.split("-")[0], 16))
    return found
