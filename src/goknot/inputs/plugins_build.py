"""What a binary says about its build, and what files are that bear the name of a plugin by mistake."""

from __future__ import annotations

from goknot.errors import InputError
from goknot.formats import buildinfo
from goknot.formats.buildsettings import parse_settings
from goknot.formats.elf import ElfFile
from goknot.model.plugins import BuildFacts

# how files begin that bear the name of a plugin by mistake
_LOOKS = (
    (b"\xcf\xfa\xed\xfe", "a Mach-O file (macOS)"),
    (b"\xca\xfe\xba\xbe", "a Mach-O file (macOS)"),
    (b"MZ", "a PE file (Windows)"),
    (b"!<arch>\n", "an archive (-buildmode=archive or c-archive)"),
    (b"#!", "a script"),
    (b"\x1f\x8b", "compressed by gzip"),
    (b"version ", "a pointer of Git LFS, whose content was not fetched"),
)


def build_facts(elf: ElfFile) -> BuildFacts:
    """The build information of a binary; empty where it has none."""
    blob = _build_blob(elf)
    text = parse_settings(buildinfo.module_info(blob))
    modules = {path: (module.version, module.sum, module.replaced_by) for path, module in text.modules.items()}
    return BuildFacts(buildinfo.go_version(blob) or "", text.package, text.main, modules, text.settings)


def facts_if_any(path: str) -> BuildFacts:
    """Build information of a file that the loader refuses, e.g. one for another processor."""
    try:
        return build_facts(ElfFile(path))
    except InputError:
        return BuildFacts()  # no ELF file, or a damaged one: it is refused either way


def looks_like(head: bytes) -> str:
    """What a file is by its first bytes, in words; empty if they tell nothing."""
    return next((words for start, words in _LOOKS if head.startswith(start)), "")


def _build_blob(elf: ElfFile) -> bytes:
    section = elf.sections().get(".go.buildinfo")
    if section is not None:
        return elf.section_bytes(section)
    for segment in elf.segments:
        if segment.flags & 2:
            data = elf.bytes_at(segment.file_off, segment.n_file_bytes)
            at = buildinfo.find_blob(data, segment.addr)
            if at >= 0:
                return data[at:]
    return b""
