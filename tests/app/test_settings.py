"""goknot.toml: what it may say and how it is refused."""

from __future__ import annotations

import pytest

from goknot.app.settings import parse_settings
from goknot.errors import UsageError


def parse(text: str):
    return parse_settings(text.encode(), "goknot.toml")


def test_an_empty_file_is_the_defaults():
    settings = parse("")
    assert settings.folders is None
    assert settings.fail_on is None
    assert settings.rules == ()


def test_everything_it_may_say():
    settings = parse('folders = 2\nbaseline = "b.json"\nfail-on = ["couples"]\ngoos = "linux"\ntags = ["a", "b"]\n')
    assert (settings.folders, settings.baseline, settings.fail_on) == (2, "b.json", ("couples",))
    assert (settings.goos, settings.tags) == ("linux", ("a", "b"))


def test_layers_forbid_upwards_and_between_independent_siblings():
    settings = parse('[[rules]]\ntype = "layers"\nname = "n"\nlayers = ["top", "a | b", "c : d"]\n')
    (rule,) = settings.rules
    assert set(rule.forbidden) == {
        ("a", "top"),
        ("b", "top"),
        ("a", "b"),
        ("b", "a"),
        ("c", "top"),
        ("d", "top"),
        ("c", "a"),
        ("c", "b"),
        ("d", "a"),
        ("d", "b"),
    }
    assert rule.indirect


def test_the_other_rules():
    text = """
[[rules]]
type = "forbidden"
name = "f"
from = ["a"]
to = ["b", "c"]
indirect = false
[[rules]]
type = "independent"
name = "i"
folders = ["x", "y"]
[[rules]]
type = "allowed"
name = "o"
from = "web"
to = ["app"]
"""
    forbidden, independent, allowed = parse(text).rules
    assert forbidden.forbidden == (("a", "b"), ("a", "c"))
    assert not forbidden.indirect
    assert set(independent.forbidden) == {("x", "y"), ("y", "x")}
    assert allowed.forbidden == (("web", allowed.others),)
    assert set(allowed.folders_by_group) == {"web", "app"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("folders = 0", "from 1 on"),
        ("folders = true", "from 1 on"),
        ("nonsense = 1", "unknown key 'nonsense'"),
        ("baseline = 3", "baseline must be a string"),
        ("all-platforms = 1", "true or false"),
        ("tags = [1]", "list of strings"),
        ("rules = 3", "[[rules]]"),
        ('[[rules]]\ntype = "x"\n', "type must be one of"),
        ('[[rules]]\ntype = "layers"\n', "needs a name"),
        ('[[rules]]\ntype = "layers"\nname = "n"\nlayers = ["a"]', "at least two"),
        ('[[rules]]\ntype = "layers"\nname = "n"\nlayers = ["a | ", "b"]', "empty folder"),
        ('[[rules]]\ntype = "forbidden"\nname = "n"\nfrom = "a"', "both from and to"),
        ("= 3", "not a TOML file"),
    ],
)
def test_what_is_refused_says_where_and_why(text, part):
    with pytest.raises(UsageError) as error:
        parse(text)
    assert part in error.value.what
    assert error.value.what.startswith("goknot.toml")


@pytest.mark.parametrize("text", ["folders = " + "9" * 5_000, "x = " + "[" * 50_000 + "]" * 50_000])
def test_numbers_and_lists_without_end(text):
    with pytest.raises(UsageError, match="not a TOML file"):
        parse(text)


def test_bytes_that_are_no_text():
    with pytest.raises(UsageError):
        parse_settings(b"\xff\xfe", "goknot.toml")
