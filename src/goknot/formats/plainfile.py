"""Opens plain files without waiting: a pipe in the place of one must not hang who reads it."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

READ_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_plain(path: Path) -> BinaryIO:
    """A plain file, to be read.

    Raises:
        OSError: It cannot be opened, or is none.
    """
    file = os.fdopen(os.open(path, READ_FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return file
