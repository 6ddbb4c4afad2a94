"""The failure matrix: what is built, by name, and which of them are opened together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.cpu_profile import profile
from support.plugin_more import Edits, another_goroot, more

UNTRIMMED = "-trimpath=false"
_SHARED, _BASE, _MOD = "app/shared/shared.go", "base/base.go", "app/go.mod"
COMMENT: Edits = ((_SHARED, "// Limit is part", "// Limit, as before, is part"),)
BODY: Edits = ((_SHARED, "\tCount++\n", "\tCount += 1 + Count - Count\n"),)
INLINED: Edits = ((_SHARED, "return 2 * n", "return n + n + Limit - 10"),)
CONSTANT: Edits = ((_SHARED, "Limit = 10", "Limit = 11"),)
STRUCT: Edits = ((_SHARED, "struct{ N int }", "struct{ N, M int }"),)
OWN: Edits = (("app/one/main.go", "var V = 41", "var V, W = 41, 1"),)
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


# -pgo by a profile in which fmt.Println spends its time in fmt.Fprintln: that one then is inlined, so exported
_FMT: Edits = (("app/lone/main.go", '"strings"', '"fmt"'),
               ("app/lone/main.go", 'strings.Repeat("x", 7)', "fmt.Sprint(7)"),
               ("app/lone/default.pgo", "", profile("fmt.Println", "fmt.Fprintln", 2)))  # fmt: skip


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
    "proxied-untrimmed": lambda: more("host", UNTRIMMED, **_PROXY),
    "named-main": lambda: more("host", tree="plugin_named_main"),
    "without-cgo": lambda: more("host", CGO_ENABLED="0"),
    "static": lambda: more("host", "-ldflags=-extldflags=-static"),
}
# name -> how it is built
PLUGINS: dict[str, Callable[[], Path]] = {
    "one": lambda: more("one"),
    "two": lambda: more("two"),
    "lone": lambda: more("lone"),
    "lone-pluginpath": lambda: more("lone", "-ldflags=-pluginpath=example.com/other"),
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
    "one-own": lambda: more("one", edits=(*OWN, *STRUCT)),
    "one-own-only": lambda: more("one", edits=OWN),
    "one-base": lambda: more("one", edits=BASE),
    "one-base-v2": lambda: more("one", edits=BASE_V2),
    "one-updated": lambda: more("one", edits=UPDATED),
    "one-older-language": lambda: more("one", edits=OLDER_LANGUAGE),
    "one-experiment": lambda: more("one", GOEXPERIMENT="nogreenteagc"),
    "one-jsonv2": lambda: more("one", GOEXPERIMENT="jsonv2"),
    "one-cover": lambda: more("one", "-cover"),
    "one-cover-shared": lambda: more("one", "-cover", "-coverpkg=./..."),
    "one-pgo": lambda: more("one", "-pgo=empty.pgo", edits=(("app/empty.pgo", "", ""),)),
    "lone-pgo": lambda: more("lone", edits=_FMT),
    "one-asan": lambda: more("one", "-asan"),
    "one-race": lambda: more("one", "-race"),
    "two-race": lambda: more("two", "-race"),
    "one-struct-race": lambda: more("one", "-race", edits=STRUCT),
    "one-stripped": lambda: more("one", "-ldflags=-s -w"),
    "one-untrimmed": lambda: more("one", UNTRIMMED),
    "one-elsewhere": lambda: more("one", UNTRIMMED, place="elsewhere"),
    "two-untrimmed": lambda: more("two", UNTRIMMED),
    "one-goroot": lambda: more("one", UNTRIMMED, GOROOT=another_goroot()),
    "one-vendored": lambda: more("one", vendor=True),
    "one-vendored-untrimmed": lambda: more("one", UNTRIMMED, vendor=True),
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


@dataclass(frozen=True)
class Case:
    """Plugins that a host opens in this order.

    Attributes:
        host: Of HOSTS.
        plugins: Of PLUGINS, with blanks between.
        outcomes: What becomes of each, up to one that ends the host.
        causes: (why, fix) of each that does not open: patterns.
        hazards: (index of the plugin, kind), all of them.
    """

    host: str
    plugins: str
    outcomes: str = "opens"
    causes: tuple[tuple[str, str], ...] = ()
    hazards: tuple[tuple[int, str], ...] = ()

    @property
    def name(self) -> str:
        """What names it in reports of tests."""
        return f"{self.host}-{self.plugins.replace(' ', '-')}"


def _flag(flag: str, fix: str = "^go build -buildmode=plugin -trimpath example.com/") -> tuple[str, str]:
    return f"^the plugin was built with(out)? {flag}.*, the host with", fix


_EDITED = ("^Go version, deciding flags and module versions are the same, so the source of", "from the same commit")
_FOLDER = ("neither side has -trimpath, so the folder", "with -trimpath from the same source")
_POISONED = ("is compared with the copy in .* the plugin itself fits the host", "^mend .*, or open it last")
_STATIC = ("linked statically", "link the host dynamically")
_NO_CGO = ("the host was built without cgo", "^CGO_ENABLED=1")
_ALIEN = ("the runtime does not see its module: .*one.so, built by go1", "only plugins of the host's Go")
_SAME_PACKAGE = ("was built from the same package, example.com/more/one,", "give one of them another package path")
_LATER = ("defined by .*cdef.so, which is opened later", "^open .*cdef")
_MAIN = ("at the root of a module named main", "go mod edit -module=")
_TAGS = ("; the plugin was built with -tags=extra, the host without -tags$", "^go build")
_PLUGINPATH = ("its plugin path is not the package path", "-gcflags=-p=PATH")
_OF_SAMPLER = ("^the plugin has rsc.io/sampler v1.3.1, the host", "^go get rsc.io/sampler@v1.3.0$")
_OF_MAJOR = ("rsc.io/quote/v3 v3.0.0, the host rsc.io/quote/v3 v3.1.0$", "^go get rsc.io/quote/v3@v3.1.0$")
_SAME_PATH = ("has the same plugin path", "without -ldflags=-pluginpath")


def _go(plugin: str, host: str, rest: str = ": their runtimes keep module data differently") -> tuple[str, str]:
    return f"^built by go{plugin}, the host by go{host}{rest}$", f"^GOTOOLCHAIN=go{host} go build "


CASES = (
    Case("plain", "one two one", "opens opens opens"),
    Case("plain", "one-struct two", "error opens", (_EDITED,), ((1, "poisoned"),)),
    Case("plain", "one-base-v2", "error", (("has example.com/base v1.1.0 => ../base, the host example.com/base v1.0.0",
                                           "^go get example.com/base@v1.0.0$"),)),
    Case("plain", "cuse cdef cuse", "error opens opens", (_LATER,)),
    Case("plain", "ring1 ring2", "error error", (("defined by .*ring2.so, .* neither can be first", "into a library"),
                                                ("defined by .*ring1.so, .* neither can be first", "into a library"))),
    Case("plain", "two-as-one one", "opens error", (_SAME_PATH,)),
    Case("named-main", "root plug", "error opens", (_MAIN,), ((1, "poisoned"),)),
    Case("plain", "one-1.24", "fatal", (_go("1.24.11", "1.26.6"),)),
    Case("plain", "library", "fatal", (("-buildmode=c-shared, which makes no plugin", "go build -buildmode=plugin"),)),
    Case("plain", "one-updated", "error", (("has example.com/dep v1.0.1 ", "^go get example.com/dep@v1.0.0$"),)),
    # differences that do no harm
    Case("plain", "lone"),
    Case("plain", "one-v3 two", "opens opens"),
    Case("plain", "one-x two", "opens opens"),
    Case("plain", "one-cflags"),
    Case("plain", "one-tags"),
    Case("plain", "one-gcflags"),
    Case("plain", "one-comment two", "opens opens"),
    Case("plain", "one-body two", "opens opens"),
    Case("plain", "one-older-language"),
    Case("plain", "one-pgo"),
    Case("plain", "one-stripped two", "opens opens"),
    Case("plain", "one-vendored two", "opens opens"),
    Case("vendored", "one"),
    Case("vendored", "one-vendored two", "opens opens"),
    Case("vendored-untrimmed", "one-vendored-untrimmed"),
    Case("untrimmed", "one-untrimmed"),
    Case("untrimmed", "one-goroot two-untrimmed", "opens opens"),
    Case("plain", "one-pluginpath-p one two", "opens opens opens"),
    Case("plain", "files files2 files", "opens opens opens"),
    Case("plain", "cdef cuse", "opens opens"),
    Case("plain", "modern"),
    Case("plain", "inner two", "opens opens"),
    Case("race", "one-race two-race", "opens opens"),
    Case("1.24", "one-1.24 two-1.24", "opens opens"),
    Case("1.27", "one-1.27 two-1.27", "opens opens"),
    Case("proxied", "quotes newquotes", "opens opens"),
    Case("proxied", "quotes-sum newquotes", "opens opens"),
    Case("proxied", "quotes-vendored"),
    Case("named-main", "plug"),
    # flags
    Case("plain", "one-extra", "error", (_TAGS,)),
    Case("plain", "one-gcflags-shared", "error", (_flag("-gcflags=example.com/more/shared=-N -l"),)),
    Case("plain", "one-gcflags-all", "error", (_flag("-gcflags=all=-l"),)),
    Case("plain", "one-experiment", "error", (_flag("GOEXPERIMENT=nogreenteagc", "^GOEXPERIMENT='' go build"),)),
    Case("plain", "one-jsonv2", "error", (_flag("GOEXPERIMENT=jsonv2", "^GOEXPERIMENT='' go build"),)),
    Case("plain", "one-cover", "error", (_flag("-cover"),)),
    Case("plain", "one-cover-shared", "error", (_flag("-cover"),)),
    Case("plain", "one-asan", "fatal", (("built with -asan, the host without", "^go build"),)),
    Case("plain", "one-race two", "error opens", (_flag("-race"),), ((1, "poisoned"),)),
    Case("plain", "one one-race two", "opens error opens", (_SAME_PACKAGE,)),
    Case("race", "one two-race", "error opens", (_flag("-race", "-trimpath -race example"),)),
    Case("race", "two-race one one-race", "opens error opens", (_flag("-race", "-race example"),),
         ((2, "lost-root"), (2, "poisoned"))),
    Case("race", "one-struct-race two-race", "error opens", (_EDITED,)),
    Case("plain", "one-untrimmed two", "error opens", (_flag("-trimpath"),), ((1, "poisoned"),)),
    Case("untrimmed", "one two", "error error", (_flag("-trimpath", "^go build -buildmode=plugin example"),) * 2),
    Case("untrimmed", "one-elsewhere", "error", (_FOLDER,)),
    Case("untrimmed", "one-vendored-untrimmed", "error", (_FOLDER,)),
    Case("vendored-untrimmed", "one-untrimmed", "error", (_FOLDER,)),
    Case("plain", "lone-pgo two", "error opens", (_flag("-pgo=default.pgo", "-trimpath -pgo=off example"),),
         ((1, "poisoned"),)),
    # sources
    Case("plain", "one-inlined", "error", (_EDITED,)),
    Case("plain", "one-constant", "error", (_EDITED,)),
    Case("plain", "one-base two", "error opens", (_EDITED,), ((1, "poisoned"),)),
    Case("plain", "one-struct one", "error opens", (_EDITED,), ((1, "lost-root"), (1, "poisoned"))),
    Case("plain", "one-own one two", "error error opens", (_EDITED, _POISONED), ((2, "poisoned"),)),
    Case("plain", "one-own-only one", "opens error", (_SAME_PACKAGE,)),
    # modules of the proxy
    Case("proxied", "quotes-sampler newquotes", "error opens", (_OF_SAMPLER,), ((1, "poisoned"),)),
    Case("proxied", "quotes-text", "error", (("golang.org/x/text v0.3.8, the host", "x/text@v0.3.0$"),)),
    Case("proxied", "newquotes-major quotes", "error opens", (_OF_MAJOR,), ((1, "poisoned"),)),
    Case("proxied-untrimmed", "quotes-vendored-untrimmed", "error", (("vendored or local source", "vendor folder"),)),
    # releases of Go
    Case("plain", "one-1.26.0 two", "error opens", (_go("1.26.0", "1.26.6", ""),), ((1, "poisoned"),)),
    Case("plain", "two one-1.24 one", "opens error error", (_go("1.24.11", "1.26.6"), _ALIEN)),
    Case("plain", "two-1.27", "fatal", (_go("1.27.3", "1.26.6"),)),
    Case("1.24", "one", "fatal", (_go("1.26.6", "1.24.11"),)),
    Case("1.24", "one-struct-1.24 two-1.24", "error opens", (_EDITED,)),
    Case("1.24", "two-1.24 one-1.27 one-1.24", "opens error error", (_go("1.27.3", "1.24.11"), _ALIEN)),
    Case("1.27", "one-1.24", "fatal", (_go("1.24.11", "1.27.3"),)),
    Case("1.27", "one-struct-1.27 two-1.27", "error opens", (_EDITED,)),
    Case("1.27", "two-1.27 one one-1.27", "opens error error", (_go("1.26.6", "1.27.3"), _ALIEN)),
    # files, paths, C
    Case("plain", "one two-as-one two", "opens error opens", (_SAME_PATH,)),
    Case("plain", "lone-pluginpath one", "error opens", (_PLUGINPATH,)),
    Case("plain", "one library two", "opens error opens", (("-buildmode=c-shared", "go build -buildmode=plugin"),)),
    Case("plain", "cuse", "error", (("a C symbol that neither it", "#cgo LDFLAGS"),)),
    Case("plain", "rpath", "error", (("it needs libgoknotmore.so", "install libgoknotmore.so"),)),
    Case("without-cgo", "one two", "error error", (_NO_CGO, _NO_CGO)),
    Case("static", "one", "fatal", (_STATIC,)),
)  # fmt: skip
