from __future__ import annotations

import copy
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import SAMPLES

from goknot.model.verdict import BaselineState, Confidence, Level, Verdict
from goknot.reports import render

SCHEMA = json.loads(files("goknot.reports").joinpath("report.schema.json").read_text(encoding="utf-8"))
# The OASIS schema, as SchemaStore and @microsoft/jest-sarif (MIT) ship it.
SARIF_SCHEMA = json.loads((Path(__file__).parent / "fixtures/sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8"))


def _sarif(sample: str) -> dict[str, Any]:
    log = json.loads(render(SAMPLES[sample](), "sarif"))
    assert len(log["runs"]) == 1
    return log["runs"][0]  # type: ignore[no-any-return]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("sample", SAMPLES)
def test_json_keeps_to_its_schema(sample: str) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(render(SAMPLES[sample](), "json")))


def test_the_schema_knows_every_word_of_the_model() -> None:
    knot = SCHEMA["$defs"]["knot"]["properties"]
    for name, words in (
        ("verdict", Verdict),
        ("level", Level),
        ("confidence", Confidence),
        ("baseline", BaselineState),
    ):
        assert sorted(knot[name]["enum"]) == sorted(words)


@pytest.mark.parametrize(
    "where", ["", "knots/0", "knots/0/edges/0", "knots/0/nodes/0", "knots/0/cuts/0", "knots/0/where", "problems/0"]
)
def test_the_schema_is_strict(where: str) -> None:
    report = json.loads(render(SAMPLES["hostile"](), "json"))
    spoilt = copy.deepcopy(report)
    at: Any = spoilt
    for step in filter(None, where.split("/")):
        at = at[int(step) if step.isdigit() else step]
    at["surprise"] = 1
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid(report)
    assert not validator.is_valid(spoilt)


@pytest.mark.parametrize("sample", SAMPLES)
def test_sarif_keeps_to_the_oasis_schema(sample: str) -> None:
    jsonschema.Draft4Validator(SARIF_SCHEMA).validate(json.loads(render(SAMPLES[sample](), "sarif")))


@pytest.mark.parametrize("sample", SAMPLES)
def test_sarif_keeps_to_what_github_takes(sample: str) -> None:
    """GitHub docs, "SARIF support for code scanning": supported properties and limits."""
    run = _sarif(sample)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert 1 <= len(result["locations"]) <= 10
        assert len(result.get("relatedLocations", [])) <= 10
        assert re.fullmatch(r"[0-9a-f]{12}:1", result["partialFingerprints"]["primaryLocationLineHash"])
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[A-Za-z0-9_.~/%-]+", uri) and not uri.startswith("/")


@pytest.mark.parametrize("sample", SAMPLES)
def test_sarif_walks_along_edges_that_are_there(sample: str) -> None:
    for result in _sarif(sample)["results"]:
        graph = result["graphs"][0]
        nodes = {node["id"] for node in graph["nodes"]}
        edges = {edge["id"]: (edge["sourceNodeId"], edge["targetNodeId"]) for edge in graph["edges"]}
        assert len(edges) == len(graph["edges"])
        assert all({source, target} <= nodes for source, target in edges.values())
        for traversal in result.get("graphTraversals", []):
            walked = [edges[step["edgeId"]] for step in traversal["edgeTraversals"]]
            assert all(a[1] == b[0] for a, b in zip(walked, [*walked[1:], walked[0]], strict=True))


def test_sarif_states_against_a_baseline() -> None:
    run = _sarif("baseline")
    assert [result["baselineState"] for result in run["results"]] == ["new", "unchanged", "unchanged", "absent"]
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "none"]
    assert not any("baselineState" in result for result in _sarif("several")["results"])


def test_sarif_opens_a_new_knot_at_the_import_that_made_it() -> None:
    new = _sarif("baseline")["results"][0]
    place = new["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("log/log.go", 5)


def test_sarif_lists_what_could_not_be_read() -> None:
    invocation = _sarif("problems")["invocations"][0]
    assert invocation["executionSuccessful"] is False
    texts = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert len(texts) == 3 and texts[0].startswith("big/x.go: larger than 16 MiB")
    assert _sarif("clean")["invocations"][0] == {"executionSuccessful": True, "toolExecutionNotifications": []}


def test_sarif_addresses() -> None:
    from goknot.reports.sarif import _artifact

    assert _artifact("a b/ä#?.go")["uri"] == "a%20b/%C3%A4%23%3F.go"
    assert _artifact("caf\udce9.go")["uri"] == "caf%E9.go"
    assert _artifact("\ud800.go")["uri"] == "%EF%BF%BD.go"
    assert _artifact("x:y/z.go")["uri"] == "x%3Ay/z.go"
    assert _artifact("/abs/x.go") == {"uri": "file:///abs/x.go"}
    assert _artifact("C:/abs/x.go") == {"uri": "file:///C:/abs/x.go"}
    assert _artifact("")["uri"] == "./"
