"""Hosts and plugins of tests/go/plugin_more and its like: built with edits, vendored, linked to each other; kept by
content."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.builds import GO_SOURCES
from support.cache import cache_dir, made_whole, only_one
from support.plugin_lab import HOST_GO, run_tool
from support.toolchains import go_env, toolchain

Edits = tuple[tuple[str, str, str | bytes], ...]  # (file below the tree, old text, new text); no old text: a new file


def more(
    package: str,
    *flags: str,
    go: str = HOST_GO,
    tree: str = "plugin_more",
    place: str = "",
    edits: Edits = (),
    vendor: bool = False,
    fetch: bool = False,
    beside: tuple[Path, ...] = (),
    mode: str = "plugin",
    **env: str,
) -> Path:
    """Builds one program of a tree: `host` as executable, the others as plugins.

    Args:
        package: Folder below the tree's `app`, or files of one.
        flags: Of `go build`, beside `-trimpath` (leave that out with `-trimpath=false`).
        go: Version of the toolchain.
        tree: Folder below tests/go.
        place: Another folder to build in, for builds that differ by place alone.
        edits: Texts to change in the sources first.
        vendor: Build from a vendor folder made for it.
        fetch: Modules come from Go's module proxy; skips the test without it.
        beside: Files to link against, put beside the result.
        mode: `-buildmode` of what is not the host.
        env: Further environment.

    Returns:
        The file; its folder holds nothing else but `beside`.
    """
    command = toolchain(go)
    if shutil.which("gcc") is None:
        pytest.skip("plugins need gcc")
    facts = (package, flags, go, tree, place, edits, vendor, fetch, [str(b) for b in beside], mode, sorted(env.items()))
    key = hashlib.sha256(repr(facts).encode())
    sources = GO_SOURCES / tree
    for path in sorted(sources.rglob("*")):
        if path.is_file():
            key.update(f"{path.relative_to(sources)}\0".encode() + path.read_bytes())
    stem = package.split("/", maxsplit=1)[0]
    home = cache_dir() / "builds" / f"{tree}-{stem}-{go}-{key.hexdigest()[:16]}"
    target = home / ("host" if stem == "host" else f"{'root' if stem == '.' else stem}.so")
    if target.exists():
        return target
    with only_one(home):
        if not target.exists():
            source = cache_dir() / "lab" / f"{tree}-{place or 'common'}"
            with only_one(source), made_whole(home) as fresh:
                _lay_out(sources, source, edits)
                app = source / "app"
                settings = {"CGO_ENABLED": "1", "CGO_LDFLAGS_ALLOW": ".*"} | env
                if fetch:
                    settings |= _proxy(command, app, vendor=vendor)
                if vendor:
                    run_tool([str(command), "mod", "vendor"], app, go_env(command) | settings)
                _put_beside(app, fresh, beside)
                settings = {name: text.replace("{app}", str(app)) for name, text in settings.items()}
                build_mode = [] if stem == "host" else [f"-buildmode={mode}"]
                command_line = [str(command), "build", "-trimpath", "-buildvcs=false", *build_mode, *flags]
                what = [f"./{file}" for file in package.split()]
                run_tool([*command_line, "-o", str(fresh / target.name), *what], app, go_env(command) | settings)
                for header in fresh.glob("*.h"):
                    header.unlink()
    return target


def _lay_out(sources: Path, source: Path, edits: Edits) -> None:
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(sources, source)
    for name, old, new in edits:
        if not old:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(new if isinstance(new, bytes) else new.encode())
            continue
        text = (source / name).read_text()
        assert old in text, (name, old)
        assert isinstance(new, str), name
        (source / name).write_text(text.replace(old, new))


def _put_beside(app: Path, fresh: Path, beside: tuple[Path, ...]) -> None:
    folder = app / "clib"
    folder.mkdir()
    (folder / "beside.c").write_text("int goknot_beside(void) { return 5; }\n")
    run_tool(["gcc", "-shared", "-fPIC", "-o", "libgoknotmore.so", "beside.c"], folder, dict(os.environ))
    for file in beside:
        shutil.copy(file, folder)
        shutil.copy(file, fresh)


def _proxy(go: Path, app: Path, *, vendor: bool) -> dict[str, str]:
    """The module proxy that is configured here, once what the module asks for is fetched."""
    said = subprocess.run([go, "env", "GOPROXY"], capture_output=True, text=True, check=True).stdout.strip()
    settings = {"GOPROXY": said, "GOFLAGS": "" if vendor else "-mod=mod"}
    command = [go, "mod", "download"]
    done = subprocess.run(command, cwd=app, env=go_env(go) | settings, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the module proxy is out of reach: {done.stderr.strip()[-200:]}")
    return settings


def c_library(folder: Path) -> Path:
    """The library that the plugin `rpath` needs, made in a folder."""
    (folder / "beside.c").write_text("int goknot_beside(void) { return 5; }\n")
    run_tool(["gcc", "-shared", "-fPIC", "-o", "libgoknotmore.so", "beside.c"], folder, dict(os.environ))
    return folder / "libgoknotmore.so"


def another_goroot(go: str = HOST_GO) -> str:
    """The same toolchain by another path."""
    link = cache_dir() / "lab" / f"goroot-{go}"
    link.parent.mkdir(parents=True, exist_ok=True)
    with only_one(link):
        if not link.is_symlink():
            link.symlink_to(toolchain(go).parent.parent)
    return str(link)
