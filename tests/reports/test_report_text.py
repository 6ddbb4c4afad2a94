from __future__ import annotations

import re
import unicodedata

import pytest
from report_samples import SAMPLES

from goknot.errors import UsageError
from goknot.reports import FORMATS, render
from goknot.reports.words import n_cells

_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def text(sample: str, **options: object) -> str:
    return render(SAMPLES[sample](), "text", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [72, 80, 100, 120])
def test_lines_fit_the_terminal_save_where_a_path_is_kept_whole(sample: str, width: int) -> None:
    paths = {
        seen.file for knot in SAMPLES[sample]().knots for edge in knot.edges for seen in edge.evidence if seen.file
    }
    for line in text(sample, width=width).splitlines():
        holds_path = any(path in line for path in paths) or sample == "hostile"
        assert n_cells(line) <= width or holds_path, line


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("detail", ["worst", "all"])
def test_nothing_reaches_the_terminal_that_acts_on_it(sample: str, detail: str) -> None:
    plain = text(sample, detail=detail)
    bad = {char for char in plain if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char != "\n"}
    assert bad == set()
    assert _COLOR.sub("", text(sample, detail=detail, color=True)) == plain


@pytest.mark.parametrize("sample", SAMPLES)
def test_ascii_is_ascii(sample: str) -> None:
    assert text(sample, ascii=True).isascii()


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_wall_of_text(sample: str) -> None:
    assert len(text(sample, width=80).splitlines()) <= 40


def test_worst_knot_says_what_a_person_needs_first() -> None:
    shown = text("import_ring")
    for wanted in (
        "breaks-build",
        "e1fa722dd7bf",
        "auth/auth.go:9:2",
        "store/store.go:7:2",
        "log/log.go:5:2",
        "uses DB, Open (2 symbols)",
        "minimal: proven",
        "after the cut: acyclic",
        "consumer-interface",
    ):
        assert wanted in shown


def test_a_cut_that_is_not_proven_prints_its_gap() -> None:
    cut = SAMPLES["tangle"]().knots[0].cuts[0]
    assert f"cut ≤ {cut.cost}, proof ≥ {cut.lower_bound}" in text("tangle")
    assert "minimal" not in text("tangle")


def test_further_knots_get_a_line_each() -> None:
    report = SAMPLES["several"]()
    shown = text("several")
    for knot in report.knots[1:]:
        assert len([line for line in shown.splitlines() if knot.id in line]) == 1
    everything = text("several", detail="all")
    for knot in report.knots:
        assert knot.reason.split()[0] in everything
    assert everything.count("after the cut") == len([knot for knot in report.knots if knot.cuts])


def test_many_further_knots_are_counted() -> None:
    from dataclasses import replace

    knot = SAMPLES["import_ring"]().knots[0]
    many = replace(SAMPLES["import_ring"](), knots=tuple(replace(knot, id=f"{i:012x}") for i in range(40)))
    shown = render(many, "text")
    assert "39 more knots" in shown and "and 29 more; --all shows every knot in full" in shown
    assert len(shown.splitlines()) < 45


def test_known_knots_are_counted_and_new_ones_shown() -> None:
    shown = text("baseline")
    assert "1 new knot, 2 known, 1 fixed against goknot-baseline.json" in shown
    assert "made by" in shown and "← new" in shown and "module-ring" not in shown
    assert text("nothing_new").startswith("✔ nothing new, 1 known, 0 fixed against goknot-baseline.json")


def test_clean_is_one_line_and_a_doubt_is_never_clean() -> None:
    assert text("clean", width=120) == (
        "✔ no rings · 1 module, 1,316 packages, 5,121 files, 51,564 imports · linux/amd64\n"
    )
    shown = text("problems")
    assert "✔" not in shown and "no rings in what could be read" in shown and "incomplete" in shown


def test_one_knot_by_id_or_its_beginning() -> None:
    whole = text("several", only="b7421faf651a")
    assert whole == text("several", only="B7421f")
    assert "windows/amd64" in whole and "5 other knots not shown" in whole and "shop/auth" not in whole
    for format in FORMATS:
        assert "e1fa722dd7bf" not in render(SAMPLES["several"](), format, only="b7421faf651a")


@pytest.mark.parametrize("wrong", [{"only": "ffff"}, {"only": "f"}, {"detail": "some"}, {"format": "pdf"}])
def test_wrong_use(wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        render(SAMPLES["several"](), **{"format": "text", **wrong})  # type: ignore[arg-type]
    assert caught.value.hint


def test_a_renderer_is_imported_only_when_chosen() -> None:
    import subprocess
    import sys

    code = "import sys, goknot.reports; print([m for m in sys.modules if m.startswith('goknot.reports.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['goknot.reports.view']"
