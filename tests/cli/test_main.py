"""The command line itself."""

from __future__ import annotations

import subprocess
import sys


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "goknot", *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command():
    from goknot.cli.main import COMMANDS

    done = run("--help")
    assert done.returncode == 0
    assert all(f"\n  {name}" in done.stdout for name in COMMANDS)
    for name in COMMANDS:
        assert run(name, "--help").returncode == 0


def test_help_imports_nothing_heavy():
    code = (
        "import sys\nfrom goknot.cli.main import goknot\n"
        "try:\n goknot.main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'highspy', 'rich', 'numba', 'goknot.app', 'goknot.inputs'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_wrong_command_names_the_nearest():
    done = run("scna")
    assert done.returncode == 2
    assert "'scan'" in done.stderr


def test_version():
    from goknot import __version__

    assert run("--version").stdout == f"goknot {__version__}\n"


def test_a_missing_folder_is_one_clear_line(tmp_path):
    done = run("scan", str(tmp_path / "no"))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("goknot: ")
    assert "no such folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_stops_early(tangle):
    command = f"{sys.executable} -m goknot scan {tangle} --format json | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
