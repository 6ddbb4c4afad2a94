"""The failure matrix: what is built, by name, and which of them are opened together."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.plugin_more import Edits, more

UNTRIMMED = "-trimpath=false"
_SHARED, _BASE, _MOD = "app/shared/shared.go", "base/base.go", "app/go.mod"
COMMENT: Edits = ((_SHARED, "// Limit is part", "// Limit, as before, is part"),)
BODY: Edits = ((_SHARED, "\tCount++\n", "\tCount += 1 + Count - Count\n"),)
INLINED: Edits = ((_SHARED, "return 2 * n", "return n + n + Limit - 10"),)
CONSTANT: Edits = ((_SHARED, "Limit = 10", "Limit = 11"),)
STRUCT: Edits = ((_SHARED, "struct{ N int }", "struct{ N, M int }"),)
BASE: Edits = ((_BASE, "struct{ X int }", "struct{ X, Y int }"),)
BASE_V2: Edits = (*BASE, (_MOD, "base v1.0.0", "base v1.1.0"))
UPDATED: Edits = ((_MOD, "dep v1.0.0", "dep v1.0.1"),)  # another number, the same source
OLDER_LANGUAGE: Edits = ((_MOD, "go 1.24", "go 1.21"), ("dep/go.mod", "go 1.24", "go 1.21"),
                         ("base/go.mod", "go 1.24", "go 1.21"))  # fmt: skip
_PROXY = {"tree": "plugin_proxy", "fetch": True}
_SAMPLER: Edits = (("app/go.mod", "sampler v1.3.0", "sampler v1.3.1"),)
_TEXT: Edits = (("app/go.mod", "text v0.3.0", "text v0.3.8"),)
_MAJOR: Edits = (("app/go.mod", "quote/v3 v3.1.0", "quote/v3 v3.0.0"),)
_SUM: Edits = (("app/go.sum", "rsc.io/quote v1.5.1 ", "example.com/never v1.0.0 "),)


def _profiled(package: str) -> Path:
    """-pgo with an empty profile: the setting alone is what counts."""
    return more(package, "-pgo={app}/empty.pgo".replace("{app}", "."), edits=(("app/empty.pgo", "", ""),))


# name -> how it is built
HOSTS: dict[str, Callable[[], Path]] = {
    "plain": lambda: more("host"),
    "stripped": lambda: more("host", "-ldflags=-s -w"),
    "pie": lambda: more("host", "-buildmode=pie"),
    "race": lambda: more("host", "-race"),
    "untrimmed": lambda: more("host", UNTRIMMED),
    "1.24": lambda: more("host", go="1.24.11"),
    "1.27": lambda: more("host", go="1.27.3"),
    "vendored": lambda: more("host", vendor=True),
    "vendored-untrimmed": lambda: more("host", UNTRIMMED, vendor=True),
    "proxied": lambda: more("host", **_PROXY),
    "named-main": lambda: more("host", tree="plugin_named_main"),
    "without-cgo": lambda: more("host", CGO_ENABLED="0"),
    "static": lambda: more("host", "-ldflags=-extldflags=-static"),
}
# name -> how it is built
PLUGINS: dict[str, Callable[[], Path]] = {
    "one": lambda: more("one"),
    "two": lambda: more("two"),
    "lone": lambda: more("lone"),
    "one-v3": lambda: more("one", GOAMD64="v3"),
    "one-x": lambda: more("one", "-ldflags=-X main.Name=other"),
    "one-cflags": lambda: more("one", CGO_CFLAGS="-O1 -DGOKNOT=1"),
    "one-tags": lambda: more("one", "-tags=nothing"),
    "one-extra": lambda: more("one", "-tags=extra"),
    "one-gcflags": lambda: more("one", "-gcflags=-N -l"),
    "one-gcflags-shared": lambda: more("one", "-gcflags=example.com/more/shared=-N -l"),
    "one-gcflags-all": lambda: more("one", "-gcflags=all=-l"),
    "one-comment": lambda: more("one", edits=COMMENT),
    "one-body": lambda: more("one", edits=BODY),
    "one-inlined": lambda: more("one", edits=INLINED),
    "one-constant": lambda: more("one", edits=CONSTANT),
    "one-struct": lambda: more("one", edits=STRUCT),
    "one-base": lambda: more("one", edits=BASE),
    "one-base-v2": lambda: more("one", edits=BASE_V2),
    "one-updated": lambda: more("one", edits=UPDATED),
    "one-older-language": lambda: more("one", edits=OLDER_LANGUAGE),
    "one-experiment": lambda: more("one", GOEXPERIMENT="nogreenteagc"),
    "one-jsonv2": lambda: more("one", GOEXPERIMENT="jsonv2"),
    "one-cover": lambda: more("one", "-cover"),
    "one-cover-shared": lambda: more("one", "-cover", "-coverpkg=./..."),
    "one-pgo": lambda: _profiled("one"),
    "one-asan": lambda: more("one", "-asan"),
    "one-race": lambda: more("one", "-race"),
    "two-race": lambda: more("two", "-race"),
    "one-struct-race": lambda: more("one", "-race", edits=STRUCT),
    "one-stripped": lambda: more("one", "-ldflags=-s -w"),
    "one-untrimmed": lambda: more("one", UNTRIMMED),
    "one-elsewhere": lambda: more("one", UNTRIMMED, place="elsewhere"),
    "one-vendored": lambda: more("one", vendor=True),
    "one-vendored-untrimmed": lambda: more("one", UNTRIMMED, vendor=True),
    "one-pluginpath": lambda: more("one", "-ldflags=-pluginpath=example.com/other"),
    "one-pluginpath-p": lambda: more("one", "-ldflags=-pluginpath=example.com/other", "-gcflags=-p=example.com/other"),
    "two-as-one": lambda: more("two", "-ldflags=-pluginpath=example.com/more/one", "-gcflags=-p=example.com/more/one"),
    "one-1.24": lambda: more("one", go="1.24.11"),
    "two-1.24": lambda: more("two", go="1.24.11"),
    "one-struct-1.24": lambda: more("one", go="1.24.11", edits=STRUCT),
    "one-1.26.0": lambda: more("one", go="1.26"),
    "one-1.27": lambda: more("one", go="1.27.3"),
    "two-1.27": lambda: more("two", go="1.27.3"),
    "one-struct-1.27": lambda: more("one", go="1.27.3", edits=STRUCT),
    "cdef": lambda: more("cdef"),
    "cuse": lambda: more("cuse"),
    "ring1": lambda: more("ring1"),
    "ring2": lambda: more("ring2"),
    "bomb": lambda: more("bomb"),
    "modern": lambda: more("modern"),
    "inner": lambda: more("inner"),
    "rpath": lambda: more("rpath"),
    "files": lambda: more("files/one.go"),
    "files2": lambda: more("files2/two.go"),
    "library": lambda: more("library", mode="c-shared"),
    "quotes": lambda: more("quotes", **_PROXY),
    "quotes-sampler": lambda: more("quotes", edits=_SAMPLER, **_PROXY),
    "quotes-text": lambda: more("quotes", edits=_TEXT, **_PROXY),
    "quotes-sum": lambda: more("quotes", edits=_SUM, **_PROXY),
    "quotes-vendored": lambda: more("quotes", vendor=True, **_PROXY),
    "quotes-vendored-untrimmed": lambda: more("quotes", UNTRIMMED, vendor=True, **_PROXY),
    "newquotes": lambda: more("newquotes", **_PROXY),
    "newquotes-major": lambda: more("newquotes", edits=_MAJOR, **_PROXY),
    "plug": lambda: more("plug", tree="plugin_named_main"),
    "root": lambda: more(".", tree="plugin_named_main"),
}
