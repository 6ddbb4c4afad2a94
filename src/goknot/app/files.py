"""Files goknot writes: whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from goknot.errors import InputError


def write_whole(path: Path, text: str) -> None:
    """Writes a text as `write_whole_bytes` does, in UTF-8."""
    write_whole_bytes(path, text.encode("utf-8"))


def write_whole_bytes(path: Path, data: bytes) -> None:
    """Writes a file so that it appears whole or not at all.

    A link is followed; into what is no regular file (`/dev/null`, a pipe) it is written as it stands, never put in its
    place.

    Raises:
        InputError: The folder cannot be written.
    """
    import tempfile  # noqa: PLC0415 (10 ms; most runs print)

    path = path.resolve()
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise InputError(str(path), f"cannot be written: {error.strerror or error}") from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise InputError(str(path), f"cannot be written: {error.strerror or error}") from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
