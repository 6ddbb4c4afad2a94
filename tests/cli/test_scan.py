"""`goknot scan` on the sample system, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(
    *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "goknot", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def report(*arguments: str, code: int | None = None, **rest) -> dict:
    done = run(*arguments, "--format", "json", **rest)
    assert "Traceback" not in done.stderr
    if code is not None:
        assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def kinds(document: dict) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (k["kind"], tuple(n["name"].removeprefix("example.com/shop/") for n in k["nodes"])) for k in document["knots"]
    ]


def test_the_sample_has_one_knot_of_each_kind(tangle):
    document = report("scan", str(tangle), "--goos", "linux", "--goarch", "amd64", code=1)
    assert kinds(document) == [
        ("import-ring", ("internal/customer", "internal/order", "internal/pricing")),
        ("test-import-ring", ("internal/ledger", "internal/testkit")),
        ("finalizer-in-ring", ("audit.Page", "audit.Journal")),
        ("folder-ring", ("mail", "web")),
        ("layer-violation", ("mail/template", "web/links")),
        ("module-ring", ("example.com/shop", "tax")),
        ("type-ring", ("internal/customer.Customer", "internal/order.Order")),
        ("type-ring", ("internal/audit.Journal", "internal/audit.Page")),
    ]
    ring = document["knots"][0]
    names = [n["name"].rpartition("/")[2] for n in ring["nodes"]]
    assert [[names[i] for i in cycle] for cycle in ring["cycles"]] == [
        ["customer", "order"],
        ["customer", "order", "pricing"],
    ]
    (cut,) = ring["cuts"]
    assert [[names[i] for i in edge] for edge in cut["edges"]] == [["customer", "order"]]
    assert (cut["cost"], cut["lower_bound"]) == (1, 1)
    edge = next(e for e in ring["edges"] if names[e["from"]] == "order" and names[e["to"]] == "customer")
    assert edge["symbols"] == ["Customer", "Find"]
    assert edge["evidence"][0]["file"] == "internal/order/order.go"
    assert edge["evidence"][0]["line"] == 5
    assert "example.com/shop/internal/customer" in edge["evidence"][0]["text"]


def test_rings_on_one_platform_only(tangle):
    linux = report("imports", str(tangle), "--goos", "linux", "--goarch", "amd64")
    windows = report("imports", str(tangle), "--goos", "windows", "--goarch", "amd64")
    ring = ("import-ring", ("internal/clock", "internal/logging"))
    assert ring not in kinds(linux)
    assert ring in kinds(windows)
    everywhere = report("imports", str(tangle), "--all-platforms")
    (knot,) = [k for k in everywhere["knots"] if "clock" in k["nodes"][0]["name"]]
    assert knot["platforms"]
    assert all("windows" in label for label in knot["platforms"])
    (other,) = [k for k in everywhere["knots"] if "customer" in k["nodes"][0]["name"]]
    assert "platforms" not in other


def test_the_same_bytes_whatever_the_hash_seed(tangle):
    outputs = {
        run("scan", str(tangle), "--format", format_, env={"PYTHONHASHSEED": seed}).stdout
        for seed in ("0", "1", "77")
        for format_ in ("json",)
    }
    assert len(outputs) == 1


def test_ids_survive_line_moves_other_folders_and_renamed_modules(tangle):
    before = {k["id"] for k in report("scan", str(tangle))["knots"]}
    moved = tangle.rename(tangle.parent / "elsewhere")
    audit = moved / "internal/audit/audit.go"
    audit.write_text(audit.read_text().replace("// Open opens", "\n\n// Open opens"))
    source = moved / "internal/order/order.go"
    source.write_text("// one\n// more\n\n" + source.read_text())
    (moved / "internal/other").mkdir()
    (moved / "internal/other/other.go").write_text('package other\n\nimport _ "example.com/shop/internal/order"\n')
    assert {k["id"] for k in report("scan", str(moved))["knots"]} == before
    for path in moved.rglob("*"):
        if path.is_file() and path.suffix in {".go", ".mod"}:
            path.write_text(path.read_text().replace("example.com/shop", "example.org/store"))
    after = {k["id"] for k in report("imports", str(moved))["knots"]}
    assert after <= before


def test_baseline_new_known_fixed(tangle):
    baseline = tangle / "goknot-baseline.json"
    assert run("scan", str(tangle), "--baseline", str(baseline)).returncode == 2
    document = report("scan", str(tangle), "--baseline", str(baseline), "--update-baseline", code=0)
    assert {k["baseline"] for k in document["knots"]} == {"known"}
    report("scan", str(tangle), "--baseline", str(baseline), "--strict", code=0)
    # a new edge ties web/links into the shop: links -> report -> ledger is fine, pricing -> report -> pricing is not
    report_go = tangle / "internal/report/report.go"
    report_go.write_text(report_go.read_text().replace('"fmt"\n', '"fmt"\n\n\t_ "example.com/shop/internal/pricing"'))
    pricing = tangle / "internal/pricing/pricing.go"
    pricing.write_text(
        pricing.read_text().replace(
            'import "example.com/shop/internal/customer"',
            'import (\n\t"example.com/shop/internal/customer"\n\t_ "example.com/shop/internal/report"\n)',
        )
    )
    document = report("scan", str(tangle), "--baseline", str(baseline), code=1)
    (new,) = [k for k in document["knots"] if k["baseline"] == "new"]
    names = [n["name"].rpartition("/")[2] for n in new["nodes"]]
    assert [(names[a], names[b]) for a, b in new["causes"]] == [("pricing", "report"), ("report", "pricing")]
    # undo, and untie the folders: the entries are stale
    (tangle / "mail/template/template.go").write_text(
        "package template\n\nfunc Fill(name string) string { return name }\n"
    )
    document = report("scan", str(tangle), "--baseline", str(baseline))
    assert {k["kind"] for k in document["knots"] if k["baseline"] == "fixed"} == {"folder-ring", "layer-violation"}
    assert run("scan", str(tangle), "--baseline", str(baseline), "--strict").returncode == 1


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_new_from_rev_names_the_edge_and_checks_nothing_out(tangle):
    git(tangle, "init")
    git(tangle, "add", ".")
    git(tangle, "commit", "-m", "one")
    report("scan", str(tangle), "--new-from-rev", "HEAD", code=0)
    links = tangle / "web/links/links.go"
    links.write_text('package links\n\nimport _ "example.com/shop/web/handlers"\n\nconst Base = ""\n')
    document = report("scan", str(tangle), "--new-from-rev", "HEAD", code=1)
    new = [k for k in document["knots"] if k["baseline"] == "new" and k["kind"] == "import-ring"]
    (knot,) = new
    names = [n["name"].removeprefix("example.com/shop/") for n in knot["nodes"]]
    assert [(names[a], names[b]) for a, b in knot["causes"]] == [("web/links", "web/handlers")]
    assert run("scan", str(tangle), "--new-from-rev", "no-such").returncode == 2


def test_fail_on(tangle):
    assert run("scan", str(tangle), "--fail-on", "none").returncode == 0
    assert run("scan", str(tangle), "--fail-on", "folder-ring").returncode == 1
    assert run("scan", str(tangle), "--fail-on", "kept-alive").returncode == 0
    done = run("scan", str(tangle), "--fail-on", "nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr


@pytest.mark.parametrize("format_", ["text", "sarif", "github", "dot", "mermaid"])
def test_output_files_hold_what_stdout_would(tangle, tmp_path, format_):
    out = tmp_path / "out"
    printed = run("scan", str(tangle), "--format", format_)
    written = run("scan", str(tangle), "--format", format_, "--output", str(out))
    assert written.returncode == printed.returncode == 1
    assert written.stdout == ""
    assert out.read_text(encoding="utf-8") == printed.stdout != ""


def test_trend(tangle):
    git(tangle, "init")
    git(tangle, "add", ".")
    git(tangle, "commit", "-m", "tangled")
    template = tangle / "mail/template/template.go"
    template.write_text("package template\n\nfunc Fill(name string) string { return name }\n")
    git(tangle, "commit", "-am", "untied")
    done = run("trend", str(tangle), "--format", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [p["cut"] for p in document["points"]] == [1, 0]
    assert [p["folder_rings"] for p in document["points"]] == [1, 0]
    assert [p["import_rings"] for p in document["points"]] == [1, 1]
    table = run("trend", str(tangle))
    assert "went from 1 to 0" in table.stdout


def test_explain():
    listed = run("explain").stdout.split()
    assert {"import-ring", "test-import-ring", "folder-ring", "module-ring", "layer-violation"} <= set(listed)
    assert "import cycle not allowed" in run("explain", "import-ring").stdout
    wrong = run("explain", "import-rign")
    assert wrong.returncode == 2
    assert "import-ring" in wrong.stderr
