"""Makes .venv and installs goknot into it, with nothing but a Python 3.11+.

Usage: python3 scripts/make_venv.py [EXTRA ...]

Debian ships Python without `ensurepip`; there the environment is made bare and filled by whatever pip is at hand.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (run by whatever python3 is at hand)
        sys.exit(
            f"goknot needs Python 3.11 or newer; this is {sys.version.split()[0]} (try: make PYTHON=python3.12 ...)"
        )
    extras = sorted(sys.argv[1:])
    stamp = VENV / f"goknot-{'-'.join(extras) or 'core'}.stamp"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    pip = make()
    target = str(ROOT) + (f"[{','.join(extras)}]" if extras else "")
    print(f"installing goknot into {VENV.name} ...", file=sys.stderr, flush=True)
    done = subprocess.run(
        [*pip, "install", "--quiet", "--disable-pip-version-check", "--editable", target], check=False
    )
    if done.returncode:
        sys.exit(f"pip could not install goknot (exit code {done.returncode}); what it printed is above")
    stamp.write_text(wanted)


def make() -> list[str]:
    """Makes the environment; returns the command that runs pip for it."""
    inside = [str(PYTHON), "-m", "pip"]
    if PYTHON.exists() and subprocess.run([*inside, "--version"], capture_output=True, check=False).returncode == 0:
        return inside
    if importlib.util.find_spec("ensurepip"):
        venv.create(VENV, with_pip=True, clear=VENV.exists())
        return inside
    venv.create(VENV, with_pip=False, clear=VENV.exists())
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    sys.exit("this Python has neither ensurepip nor pip; install one of them first (Debian: apt install python3-venv)")


if __name__ == "__main__":
    main()
