"""A live trace of plugin.Open: `goknot plugin trace`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from goknot.inputs.trace.delve import Delve, find_delve
from goknot.inputs.trace.tracer import Tracer, check_host
from goknot.model.plugin_trace import OpenTrace


def trace_opens(host: str, arguments: Sequence[str], *, dlv: str | None, patience: float) -> OpenTrace:
    """Runs a host under delve and takes down what becomes of every plugin.Open; nothing is left running.

    Args:
        host: The program.
        arguments: Its arguments.
        dlv: Delve's file; None: `dlv` on PATH.
        patience: Seconds without headway after which a call counts as hanging.

    Raises:
        ToolError: Delve is missing or fails.
        InputError: The host cannot be read, or opens no plugins.
    """
    delve = find_delve(dlv)
    check_host(host)
    with closing(Delve(delve, host, arguments)) as running:
        return Tracer(running, host).run(arguments, patience)
