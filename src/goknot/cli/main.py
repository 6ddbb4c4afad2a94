"""The `goknot` command: an explicit list of commands, each in a file of its own."""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import suppress

import click

from goknot import __version__
from goknot.errors import GoknotError

# name -> (module, what the command does); a command is imported when it runs, so that help stays quick
COMMANDS = {
    "scan": ("goknot.cli.scan", "Everything that source alone can tell: what CI runs."),
    "imports": ("goknot.cli.imports", "Import rings of packages and folders, rules between folders."),
    "modules": ("goknot.cli.modules", "Rings of modules that require each other, each edge proven."),
    "types": ("goknot.cli.types", "Rings of types, by field and offset; what implements what closes them."),
    "leaks": ("goknot.cli.leaks", "Knots the collector cannot undo, in source: finalizers, goroutines, handles."),
    "heap": ("goknot.cli.heap", "Rings of live objects and leaked goroutines, in a core or a live process."),
    "plugin": ("goknot.cli.plugin", "Whether plugins will open in a host, and why not; nothing is loaded."),
    "binary": ("goknot.cli.binary", "What a Go binary holds: build, functions, exports, cgo; stripped or not."),
    "escape": ("goknot.cli.escape", "Objects that outlive their function, by the compiler's escape analysis."),
    "report": ("goknot.cli.report", "Joins reports: what source says may be, and what a heap shows that is."),
    "trend": ("goknot.cli.trend", "How rings and cuts grew over git history."),
    "demo": ("goknot.cli.demo", "Builds and runs a small Go service with knots, and shows what goknot says of it."),
    "explain": ("goknot.cli.explain", "What a kind of knot is, whether it leaks, how to cut it."),
}


class Commands(click.Group):
    """The group of all commands; knows their one-line help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the list."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports the command's module and takes its `command`."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, and names the nearest command when there is no such one."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 (only for a typing mistake)

            near = get_close_matches(args[0], COMMANDS, 1)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="goknot", message="%(prog)s %(version)s")
def goknot() -> None:
    """Finds, proves and cuts circular references in Go systems.

    \b
    Start here:
      goknot scan .             rings of packages, folders, modules and types; what leaks
      goknot explain            what each kind of knot is
    \b
    Exit codes: 0 nothing new, 1 a new knot that fails the run, 2 wrong usage or
    unreadable input, 3 the analysis is incomplete (see the problems it lists).
    """


def main() -> None:
    """Runs the command line; turns every expected error into one message and an exit code."""
    try:
        code = goknot.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("goknot: interrupted", err=True)
        code = 130
    except GoknotError as error:
        click.echo(f"{click.style('goknot:', fg='red', bold=True)} {error.what}", err=True)
        if error.hint:
            click.echo(f"        {error.hint}", err=True)
        code = error.exit_code
    except BrokenPipeError:
        # whoever read our output stopped; leave quietly, also when Python flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code if isinstance(code, int) else 0)


def run() -> None:
    """The process's `main`: ends it without taking gigabytes of arrays apart first, which takes a while."""
    try:
        main()
    except SystemExit as end:
        if "goknot.kernels.images" not in sys.modules or not isinstance(end.code, int):
            raise
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(end.code)
