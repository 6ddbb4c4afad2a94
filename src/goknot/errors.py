"""Everything goknot raises on purpose.

Each error carries what was wrong and what to do next; the command line prints both and exits with `exit_code`.
"""

from __future__ import annotations


class GoknotError(Exception):
    """Base of every error goknot raises on purpose.

    Attributes:
        what: One sentence: what was wrong, and where.
        hint: What to do next; empty when the first sentence says it.
    """

    exit_code = 2

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(GoknotError):
    """The command line or a configuration file asks for something that makes no sense."""


class InputError(GoknotError):
    """An input cannot be read, or is not what it was taken for.

    Attributes:
        where: The path (or other name) of the input.
    """

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        super().__init__(f"{where}: {what}", hint)
        self.where = where


class ToolError(GoknotError):
    """An outside program (go, git) is missing or failed.

    Attributes:
        tool: The program's name.
    """

    def __init__(self, tool: str, what: str, hint: str = "") -> None:
        super().__init__(f"{tool}: {what}", hint)
        self.tool = tool
