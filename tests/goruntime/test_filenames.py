"""Names of source files, whoever's machine they were built on."""

from __future__ import annotations

import pytest

from goknot.goruntime.filenames import goroot_of, portable


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/usr/local/go/src/net/http/server.go", "net/http/server.go"),
        ("/root/go/pkg/mod/k8s.io/apiserver@v0.34.1/pkg/a.go", "k8s.io/apiserver@v0.34.1/pkg/a.go"),
        ("C:/Users/me/go/pkg/mod/example.com/m@v1.0.0/m.go", "example.com/m@v1.0.0/m.go"),
        (
            "/go/pkg/mod/github.com/!burnt!sushi/toml@v1.0.0-!r!c1/with!mark.go",
            "github.com/BurntSushi/toml@v1.0.0-RC1/with!mark.go",
        ),
        ("/home/me/app/main.go", "/home/me/app/main.go"),
        ("/home/me/pkg/mod/app/main.go", "/home/me/pkg/mod/app/main.go"),
        ("/home/me/pkg/mod/@v1/main.go", "/home/me/pkg/mod/@v1/main.go"),
        ("/usr/local/gopher/src/a.go", "/usr/local/gopher/src/a.go"),
        ("net/http/server.go", "net/http/server.go"),
        ("_cgo_gotypes.go", "_cgo_gotypes.go"),
        ("", ""),
    ],
)
def test_portable(file: str, expected: str) -> None:
    assert portable(file, "/usr/local/go") == expected


def test_a_toolchain_in_the_module_cache() -> None:
    root = "/root/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.6.linux-amd64"
    assert portable(f"{root}/src/runtime/proc.go", root) == "runtime/proc.go"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("/a/main.go", "/usr/local/go/src/runtime/proc.go", "/b/src/runtime/proc.go"), "/usr/local/go"),
        (("runtime/proc.go", "/a/main.go"), ""),
        ((), ""),
    ],
)
def test_goroot(files: tuple[str, ...], expected: str) -> None:
    assert goroot_of(b"".join(b"\0" + file.encode() for file in files) + b"\0") == expected
