"""What one Go binary holds, read without running it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from goknot.model.plugins import BuildFacts


@dataclass(frozen=True, slots=True)
class BinaryFile:
    """The file.

    Attributes:
        format: `elf`, `macho` or `pe`.
        kind: `executable`, `plugin`, `shared library` or `object file`.
        moves: Whether it may be loaded at any address; addresses are those it was linked for.
        libraries: What it needs, in order.
        build_id: In hexadecimal; of an ELF file.
    """

    path: str
    format: str
    arch: str
    kind: str
    n_bytes: int
    moves: bool
    has_symbols: bool
    has_dwarf: bool
    libraries: tuple[str, ...] = ()
    interpreter: str = ""
    build_id: str = ""


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """`runtime.moduledata`; addresses as linked.

    Attributes:
        layout: Which table of offsets it was read with.
        ranges: Part (`text`, `data`, `bss`, `types` ...) -> (start, end).
        n_types: Types that are listed for reflect (typelinks); None where that is not known. So the others.
    """

    moduledata_addr: int
    pclntab_addr: int
    layout: str
    plugin_path: str
    module_name: str
    has_main: bool
    ranges: Mapping[str, tuple[int, int]]
    n_functions: int
    n_types: int | None
    n_itabs: int | None
    n_init_tasks: int | None


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """A function of pclntab; it ends where the next one begins. `where` is `file:line`, empty where it is not said."""

    name: str
    entry_addr: int
    end_addr: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class PcFacts:
    """A place in the code.

    Attributes:
        function: Empty outside of Go's code.
        frames: (function, `file:line`): what was inlined there, innermost first, then the function itself.
        why: Why there is no function.
    """

    pc: int
    function: str
    off: int
    frames: tuple[tuple[str, str], ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class PluginExport:
    """What plugin.Lookup finds by name.

    Attributes:
        type_name: Of a variable its own type, to which Lookup returns a pointer.
        symbol: What plugin.Open asks dlsym for.
        addr: As linked; 0 if the symbol is not defined here.
        why: Why Lookup gets it, or why Open fails.
    """

    name: str
    kind: str
    type_name: str
    symbol: str
    addr: int
    reachable: bool
    why: str


@dataclass(frozen=True, slots=True)
class PackageHash:
    """A hash of a package's export data, in hexadecimal.

    Attributes:
        own: Whether the file defines it, for others to compare with; else it was linked against it.
    """

    package: str
    hash: str
    own: bool


@dataclass(frozen=True, slots=True)
class SymbolUse:
    """Relocations of one kind that name a symbol: how many, and where the first one puts its address."""

    relocation: str
    n: int
    first_addr: int


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """A symbol: who gets at it, when, by what.

    Attributes:
        kind: `function`, `variable`, `thread-local`, `indirect function`, `symbol`.
        place: `defined`, `imported`, `local` (no other file sees it), `inlined`, `absent`.
        bound: When its address is put in: `link`, `load`, `first call`, `lookup` or `never`.
        by: What binds it: relocations, the linker, a ptab entry.
        reachable: From outside of the file; None where another file decides.
    """

    name: str
    kind: str
    place: str
    exported: bool
    bound: str
    by: tuple[str, ...]
    reachable: bool | None
    why: str
    version: str = ""
    library: str = ""
    addr: int = 0
    uses: tuple[SymbolUse, ...] = ()


@dataclass(frozen=True, slots=True)
class SymbolCounts:
    """The dynamic symbols, counted; `relocations`: kind -> how many."""

    n_exported: int
    n_imported: int
    relocations: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CgoExport:
    """A Go function that C can call (`//export`).

    Attributes:
        go_symbol: The Go side, `_cgoexp_..._NAME`; empty if only the header names it.
        addr: Of the C side; 0 if the file has no symbol for it.
        exported: Whether other files find the C side; None where the format's symbols are not read.
        signature: Of the C side as DWARF says it; empty without.
        header_signature: As the header says it; empty without.
        differences: What does not agree; empty if all does.
    """

    name: str
    go_symbol: str
    addr: int
    exported: bool | None
    signature: str = ""
    header_signature: str = ""
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CgoLayout:
    """A struct that passes between C and Go: its fields (name, offset, shape) and size; None where it is not said."""

    name: str
    here: tuple[tuple[str, int, str], ...] | None
    here_bytes: int | None
    header: tuple[tuple[str, int, str], ...] | None
    header_bytes: int | None
    source: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class CgoFacts:
    """Everything about `//export`."""

    exports: tuple[CgoExport, ...] = ()
    layouts: tuple[CgoLayout, ...] = ()
    header: str = ""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """A call, or a jump out of a function.

    Attributes:
        kind: `direct`, `stub` (through a stub of the linker's), `slot` (through a word that a relocation fills),
            `memory` (through any other word), `register`.
        is_jump: Whether it does not return here.
        target: The function or symbol; empty where only the running program knows.
        target_addr: 0 where it is not known.
        slot_addr: The word that is called through; 0 if there is none.
        relocation: What fills that word, e.g. `R_X86_64_JUMP_SLOT write`.
        frames: As `PcFacts.frames`.
    """

    addr: int
    text: str
    kind: str
    is_jump: bool
    target: str
    target_addr: int = 0
    slot_addr: int = 0
    relocation: str = ""
    frames: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """The calls of one function."""

    function: FunctionFacts
    calls: tuple[CallFacts, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked for beside the summary; None: it was not asked for.

    Attributes:
        missing: What was asked for and is not there, with the reason.
    """

    functions: tuple[FunctionFacts, ...] | None = None
    pcs: tuple[PcFacts, ...] | None = None
    symbols: tuple[SymbolFacts, ...] | None = None
    calls: tuple[CallerFacts, ...] | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BinaryReport:
    """A binary, and what was asked of it."""

    file: BinaryFile
    build: BuildFacts
    module: ModuleFacts | None
    exports: tuple[PluginExport, ...] = ()
    hashes: tuple[PackageHash, ...] = ()
    symbols: SymbolCounts | None = None
    cgo: CgoFacts = field(default_factory=CgoFacts)
    answers: Answers = field(default_factory=Answers)
    problems: tuple[str, ...] = ()
