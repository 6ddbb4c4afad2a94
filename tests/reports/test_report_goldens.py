"""Each format against texts that a person has read.

After a change that is meant, write them anew and read the difference:

    GOKNOT_UPDATE_GOLDENS=1 python -m pytest tests/reports/test_report_goldens.py && git diff tests/reports/golden
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from report_samples import SAMPLES

from goknot.reports import render

GOLDEN = Path(__file__).parent / "golden"
MACHINE = ("clean", "import_ring", "windows", "module_ring", "problems", "baseline", "hostile")
CASES = [
    *((sample, format, {}) for format in ("json", "sarif", "github", "dot", "mermaid") for sample in MACHINE),
    *(("tangle", format, {}) for format in ("dot", "mermaid", "github")),
    *((sample, "text", {"width": 100}) for sample in SAMPLES),
    *((sample, "text", {"width": 80}) for sample in ("several", "tangle", "module_ring")),
    ("several", "text", {"width": 120, "color": True}),
    ("several", "text", {"width": 80, "ascii": True}),
    ("baseline", "text", {"width": 100, "detail": "all"}),
]
SUFFIX = {"text": "txt", "json": "json", "sarif": "sarif", "github": "github", "dot": "dot", "mermaid": "mmd"}


def _name(sample: str, format: str, options: dict[str, object]) -> str:
    words = [sample, *(str(value) if key in {"width", "detail"} else key for key, value in options.items())]
    return f"{'-'.join(words)}.{SUFFIX[format]}"


@pytest.mark.parametrize(("sample", "format", "options"), CASES, ids=[_name(*case) for case in CASES])
def test_golden(sample: str, format: str, options: dict[str, object]) -> None:
    text = render(SAMPLES[sample](), format, **options)  # type: ignore[arg-type]
    path = GOLDEN / _name(sample, format, options)
    if os.environ.get("GOKNOT_UPDATE_GOLDENS"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    assert path.read_bytes() == text.encode()


def test_every_golden_has_a_case() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {_name(*case) for case in CASES}
