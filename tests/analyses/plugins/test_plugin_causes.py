"""Which of several differences is named as the cause: the one that the differing packages bear out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from goknot.analyses.plugins.causes import build_command, explain, release
from goknot.model.plugins import BuildFacts, HostFile, ModuledataLayout, PluginOutcome, PluginSet

MODULES = {
    "example.com/app": ("(devel)", "", ""),
    "example.com/base": ("v1.2.0", "h1:base", ""),
    "example.com/base/v2": ("v2.0.0", "h1:two", ""),
    "example.com/dep": ("v1.0.0", "h1:dep", ""),
}
HOST = BuildFacts("go1.26.6", "example.com/app", "example.com/app", MODULES, {"-trimpath": "true"})
PLUGIN = replace(HOST, package="example.com/app/plug")


def because(plugin: BuildFacts, *packages: str, host: BuildFacts = HOST) -> tuple[str, str]:
    files = PluginSet(HostFile("host", 0, host, ModuledataLayout({}, 0)), (), ())
    return explain(files, PluginOutcome("p.so", "error", package=packages[0], packages=packages), plugin)


def with_module(path: str, *version: str) -> BuildFacts:
    return replace(PLUGIN, modules={**MODULES, path: version})  # type: ignore[dict-item]


def with_settings(**settings: str) -> BuildFacts:
    return replace(PLUGIN, settings={**PLUGIN.settings, **{f"-{name}": text for name, text in settings.items()}})


def test_a_package_that_builds_on_the_changed_one_may_come_first() -> None:
    newer = with_module("example.com/base", "v1.3.0", "h1:newer", "")
    why, fix = because(newer, "example.com/dep", "example.com/base/sub")
    assert why == (
        "the plugin has example.com/base v1.3.0, the host example.com/base v1.2.0; example.com/dep builds on "
        "example.com/base/sub"
    )
    assert fix == "go get example.com/base@v1.2.0"


def test_major_versions_are_modules_of_their_own() -> None:
    newer = with_module("example.com/base", "v1.3.0", "h1:newer", "")
    why, _ = because(newer, "example.com/base/v2/sub")
    assert "the source of example.com/base/v2/sub itself differs: example.com/base/v2 was edited" in why


@pytest.mark.parametrize(
    ("changed", "package", "named"),
    [
        (with_settings(race="true"), "runtime", "built with -race"),
        (with_settings(race="true"), "example.com/dep", "no difference of flags or module versions"),
        (replace(PLUGIN, go="go1.26.5"), "runtime", "built by go1.26.5, the host by go1.26.6"),
        (replace(PLUGIN, go="go1.26.5"), "example.com/dep", "go1.26.6, and nothing else in the build information"),
        (with_settings(gcflags="-N -l"), "example.com/dep", "no difference of flags or module versions"),
        (with_settings(gcflags="example.com/base/...=-N"), "example.com/base/v2/sub", "example.com/base/...=-N"),
        (with_settings(gcflags="example.com/base=-N"), "example.com/base/sub", "no difference of flags"),
        (with_settings(gcflags="all=-N -l"), "runtime", "built with -gcflags=all=-N -l"),
        (with_settings(gcflags="./...=-l"), "example.com/app/x", "built with -gcflags=./...=-l"),
        (with_settings(pgo="default.pgo"), "fmt", "built with -pgo=default.pgo"),
        (with_settings(tags="extra"), "example.com/dep", "built with -tags=extra"),
        (PLUGIN, "example.com/dep", "deciding flags and module versions are the same, so the source of"),
    ],
)  # fmt: skip
def test_what_is_named(changed: BuildFacts, package: str, named: str) -> None:
    assert named in because(changed, package)[0]


def test_a_missing_sum_is_a_vendor_folder() -> None:
    vendored = with_module("example.com/dep", "v1.0.0", "", "")
    assert because(vendored, "example.com/dep")[0].startswith("the plugin was built from vendored or local source")


def test_a_plugin_without_modules_is_judged_by_its_flags() -> None:
    bare = replace(PLUGIN, modules={}, settings={})
    assert because(bare, "example.com/dep")[0] == "the plugin was built without -trimpath, the host with -trimpath"


def test_experiments_are_no_other_release() -> None:
    assert release("go1.26.6-X:jsonv2") == release("go1.26.6 X:jsonv2") == "go1.26.6"
    assert release("") == ""
    other = replace(PLUGIN, go="go1.26.6-X:jsonv2", settings={**PLUGIN.settings, "GOEXPERIMENT": "jsonv2"})
    why, fix = because(other, "internal/goexperiment")
    assert why == "the plugin was built with GOEXPERIMENT=jsonv2, the host without GOEXPERIMENT"
    assert fix == "GOEXPERIMENT='' go build -buildmode=plugin -trimpath example.com/app/plug"


def test_the_command_turns_off_a_profile_that_lies_about() -> None:
    assert build_command(HOST, with_settings(pgo="default.pgo")) == (
        "go build -buildmode=plugin -trimpath -pgo=off example.com/app/plug"
    )
