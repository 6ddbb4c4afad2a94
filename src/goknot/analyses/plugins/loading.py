"""dlopen(3) of one file, as glibc does it (elf/dl-open.c, dl-load.c, dl-version.c, dl-lookup.c)."""

from __future__ import annotations

from goknot.analyses.plugins.process import Process

LAST_MODULE = b"runtime.lastmoduledatap"


def load(process: Process, library: int) -> str:
    """Maps a library and what it needs, binds all names, runs the constructors.

    Returns:
        The loader's message if it fails: then nothing of it stays mapped. Empty if it is mapped.
    """
    if library in process.mapped:
        return ""
    if refusal := _refused(process, library):
        return refusal
    chain = process.with_needs(library)
    fresh = [index for index in chain if index not in process.mapped]
    trial = process.copied()
    trial.mapped |= set(fresh)
    for index in fresh:
        trial.local[index] = chain
    for index in fresh:
        if versions := process.libraries[index].versions_missing:
            return versions
    for index in reversed(fresh):
        if undefined := _undefined(trial, index):
            return undefined
    trial.scope += [index for index in chain if index not in trial.scope]
    process.scope, process.mapped, process.local = trial.scope, trial.mapped, trial.local
    for index in reversed(fresh):
        _construct(process, index)
    return ""


def map_host(process: Process) -> None:
    """The program and its libraries, as they are when main starts."""
    chain = process.with_needs(process.host.library)
    usable = [index for index in chain if process.libraries[index].image is not None]
    process.mapped |= set(usable)
    process.scope = usable
    for index in reversed(usable):
        _construct(process, index)


def _refused(process: Process, library: int) -> str:
    """The first file of the chain that cannot be mapped; names are looked up breadth first."""
    seen, queue = {library}, [library]
    for index in queue:
        entry = process.libraries[index]
        if entry.refused:
            return f"{entry.path}: {entry.refused}"
        for name, needed in entry.needs:
            if needed < 0 and not process.host.partial:
                return f"{name}: cannot open shared object file: No such file or directory"
            if needed >= 0 and needed not in seen:
                seen.add(needed)
                queue.append(needed)
    return ""


def _undefined(process: Process, library: int) -> str:
    if process.host.partial:
        return ""
    for wanted in process.image(library).wanted:
        if not wanted.weak and not wanted.here and process.bind(library, wanted.name) is None:
            name = wanted.name.decode("utf-8", "backslashreplace")
            version = f", version {wanted.version}" if wanted.version else ""
            return f"{process.libraries[library].path}: undefined symbol: {name}{version}"
    return ""


def _construct(process: Process, library: int) -> None:
    """runtime.addmoduledata (runtime/asm_amd64.s): the last module's `next`, at the offset this file knows."""
    for addr, next_off in process.image(library).entries:
        last = process.bind(library, LAST_MODULE)
        if last is None:
            continue
        moduledata = process.base(library) + addr
        process.written[process.word(last[1]) + next_off] = moduledata
        process.written[last[1]] = moduledata
