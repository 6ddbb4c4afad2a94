"""Versions: against the examples of semver.org and of Go's own tests' kind, a naive oracle, and order laws."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goknot.formats import semver

# ascending; from semver.org section 11, with pseudo-versions between the releases they lie between
ASCENDING = [
    "v0.0.0-20190101000000-abcdefabcdef",
    "v0.0.0",
    "v0.1.0-0.20200101000000-abcdefabcdef",
    "v0.1.0",
    "v1.0.0-alpha",
    "v1.0.0-alpha.1",
    "v1.0.0-alpha.beta",
    "v1.0.0-beta",
    "v1.0.0-beta.2",
    "v1.0.0-beta.11",
    "v1.0.0-beta.11.0.20200101000000-abcdefabcdef",
    "v1.0.0-rc.1",
    "v1.0.0",
    "v1.0.1-0.20200101000000-abcdefabcdef",
    "v1.0.1-0.20200102000000-abcdefabcdef",
    "v1.0.1",
    "v1.2.9",
    "v1.2.10",
    "v1.10.0",
    "v2.0.0+incompatible",
    "v9.9.9",
    "v10.0.0",
    "v99999999999999999999.0.0",
]


def test_the_order_of_the_specification():
    shuffled = ASCENDING[::-1]
    assert sorted(shuffled, key=semver.key) == ASCENDING
    for (i, left), (j, right) in itertools.product(enumerate(ASCENDING), repeat=2):
        assert semver.compare(left, right) == (i > j) - (i < j)


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("v1", "v1.0.0"),
        ("v1.2", "v1.2.0"),
        ("v1.2.3", "v1.2.3"),
        ("v1.2.3+meta", "v1.2.3"),
        ("v1.2.3-pre+meta.1", "v1.2.3-pre"),
        ("v2.0.0+incompatible", "v2.0.0+incompatible"),
        ("v1.2.3-0a.-.x-y", "v1.2.3-0a.-.x-y"),
        *(
            (bad, "")
            for bad in ["", "1.2.3", "v", "v1.", "v01.2.3", "v1.02.3", "v1.2.3.4", "v1.2-pre", "v1+x", "V1.2.3"]
        ),
        *(
            (bad, "")
            for bad in ["v1.2.3-", "v1.2.3-01", "v1.2.3-a..b", "v1.2.3+", "v1.2.3+a..b", "v1.2.3-é", "v1.2.3\n"]
        ),
        *((bad, "") for bad in ["latest", "none", "v1.2.3-a+b+c", "v１.2.3", "v-1.0.0", "v1.2.3 "]),
    ],
)
def test_canonical_versions(text, exact):
    assert semver.canonical(text) == exact
    assert semver.is_valid(text) == (exact != "")


def test_what_is_no_version_is_below_all_and_alike():
    assert semver.compare("none", "latest") == 0
    assert semver.compare("none", "v0.0.0-0") == -1
    assert semver.compare("v0.0.0-0", "") == 1


def test_build_metadata_does_not_count():
    assert semver.compare("v1.0.0+a", "v1.0.0+b") == 0
    assert semver.compare("v2.0.0", "v2.0.0+incompatible") == 0
    assert semver.compare("v1", "v1.0.0") == 0


numbers = st.integers(0, 12).map(str)
fields = st.one_of(numbers, st.sampled_from(["a", "b", "a1", "1a", "-", "rc", "0-1", "A"]))
prereleases = st.one_of(st.just(""), st.lists(fields, min_size=1, max_size=3).map(lambda f: "-" + ".".join(f)))
versions = st.builds("v{}.{}.{}{}{}".format, numbers, numbers, numbers, prereleases, st.sampled_from(["", "+x"]))


def naive_compare(left, right):
    """Section 11 of semver.org, read aloud."""

    def split(text):
        core, _, pre = text[1:].partition("+")[0].partition("-")
        return [int(n) for n in core.split(".")], pre.split(".") if pre else []

    (core_l, pre_l), (core_r, pre_r) = split(left), split(right)
    if core_l != core_r:
        return -1 if core_l < core_r else 1
    if not pre_l or not pre_r:
        return bool(pre_r) - bool(pre_l) if pre_l != pre_r else 0
    for a, b in zip(pre_l, pre_r, strict=False):
        if a == b:
            continue
        if a.isdigit() and b.isdigit():
            return -1 if int(a) < int(b) else 1
        if a.isdigit() != b.isdigit():
            return -1 if a.isdigit() else 1
        return -1 if a < b else 1
    return (len(pre_l) > len(pre_r)) - (len(pre_l) < len(pre_r))


@given(versions, versions)
def test_order_as_a_naive_reading_of_the_specification(left, right):
    expected = {True: 1, False: 0}.get(naive_compare(left, right), naive_compare(left, right))
    assert semver.compare(left, right) == expected


@given(st.lists(st.one_of(versions, st.sampled_from(["", "none", "x"])), min_size=3, max_size=3))
def test_the_order_is_total(three):
    a, b, c = sorted(three, key=semver.key)
    assert semver.compare(a, b) == -semver.compare(b, a)
    assert semver.compare(a, b) <= 0
    assert semver.compare(b, c) <= 0
    assert semver.compare(a, c) <= 0


@given(st.one_of(versions, st.text(max_size=12)))
def test_canonical_is_stable_and_equal(text):
    exact = semver.canonical(text)
    if exact:
        assert semver.canonical(exact) == exact
        assert semver.compare(text, exact) == 0


# internal/gover: up to 1.20 a release without patch is its .0; since 1.21 it is the language version, before rc1
GO_ASCENDING = ["1", "1.1", "1.9", "1.10", "1.19rc1", "1.19", "1.20rc2", "1.20", "1.20.1", "1.21", "1.21beta1"]
GO_ASCENDING += ["1.21rc1", "1.21rc2", "1.21rc10", "1.21.0", "1.21.1", "1.22", "1.999testmod", "2"]


def test_the_order_of_go_itself():
    for (i, left), (j, right) in itertools.product(enumerate(GO_ASCENDING), repeat=2):
        assert semver.go_compare(left, right) == (i > j) - (i < j), (left, right)
    assert semver.go_compare("1.20", "1.20.0") == 0
    assert semver.go_compare("1.21", "1.21.0") == -1


@pytest.mark.parametrize("bad", ["", "go1.21", "01.2", "1.02", "1.2.3rc1", "1.", "1.2.", "1.x", "1.2rc1x", "1.21RC1"])
def test_what_is_no_version_of_go_is_below_all(bad):
    assert semver.go_compare(bad, "1") == -1
    assert semver.go_compare(bad, "nonsense") == 0


def test_module_keys():
    assert semver.module_key("a.b/c", "") > semver.module_key("a.b/c", "v9.0.0")
    assert semver.module_key("a.b/c", "v1.0.0") > semver.module_key("a.b/c", "none")
    assert semver.module_key("go", "1.21.0") > semver.module_key("go", "1.21rc1")
    assert semver.module_key("toolchain", "go1.21.3") > semver.module_key("toolchain", "go1.21.0-custom")
    assert semver.module_key("toolchain", "default") < semver.module_key("toolchain", "go1.1")


@pytest.mark.parametrize(
    ("path", "version", "part"),
    [
        ("a.b/c", "v1.0.0", ""),
        ("a.b/c", "v2.0.0+incompatible", ""),
        ("a.b/c", "v2.0.0", "should be v0 or v1"),
        ("a.b/c/v2", "v2.1.0", ""),
        ("a.b/c/v2", "v3.0.0", "should be v2"),
        ("a.b/c/v1", "v1.0.0", "malformed"),
        ("a.b/c/v0", "v0.1.0", "malformed"),
        ("a.b/c/v2.1", "v2.1.0", "malformed"),
        ("gopkg.in/yaml.v3", "v3.0.0", ""),
        ("gopkg.in/yaml.v0", "v0.1.0", ""),
        ("gopkg.in/yaml", "v3.0.0", "malformed"),
        ("gopkg.in/x.v2-unstable", "v2.0.0", ""),
        ("gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405", ""),
        ("gopkg.in/check.v2", "v0.0.0-20161208181325-20d25e280405", "should be v2"),
        ("a.b/c", "x", "invalid version"),
    ],
)
def test_path_and_major_version_belong_together(path, version, part):
    what = semver.path_major_problem(path, version)
    assert (part in what) and bool(part) == bool(what)


@pytest.mark.parametrize(
    ("version", "pseudo"),
    [
        ("v0.0.0-20190101000000-abcdefabcdef", True),
        ("v1.2.4-0.20190101000000-abcdefabcdef", True),
        ("v1.2.4-pre.0.20190101000000-abcdefabcdef", True),
        ("v2.0.0-20190101000000-abcdefabcdef+incompatible", True),
        ("v1.2.3", False),
        ("v1.2.3-pre", False),
        ("v1.2.3-20190101000000-abcdefabcdef", False),
    ],
)
def test_pseudo_versions(version, pseudo):
    assert semver.is_pseudo(version) is pseudo
