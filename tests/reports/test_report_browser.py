"""The HTML report in the hands of somebody: keys, clicks, the back button; and what axe-core says of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from page_samples import HOSTILE, SAMPLE

from goknot.reports import render

webdriver = pytest.importorskip("selenium.webdriver", reason="pip install selenium")
AXE = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
ROUTES = ["#/", "#/knot/000000000001", "#/knot/000000000003", "#/kept", "#/folders", "#/types", "#/goroutines"]
ROUTES += ["#/goroutines/0", "#/problems"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium by its driver; what it requests and what its console says is kept."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no Chromium with its driver here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile = tmp_path_factory.mktemp("profile")
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    chrome.set_window_size(1100, 900)
    yield chrome
    chrome.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render(SAMPLE, "html"), encoding="utf-8")
    return f"file://{file}"


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """The overview; afterwards: the console was silent, and nothing but the file was asked for."""
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(address)
    yield browser
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
    assert asked
    assert {url.partition("#")[0] for url in asked if not url.startswith(("blob:", "data:"))} == {address}


def waited(browser: Any, script: str) -> Any:
    """What a script gives, once that is something."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20).until(lambda b: b.execute_script(f"return {script}"))


def says(browser: Any, selector: str, text: str) -> None:
    """Waits for an element to hold a text."""
    found = f"(document.querySelector({json.dumps(selector)}) || {{}}).textContent || ''"
    assert waited(browser, f"({found}).includes({json.dumps(text)})")


def press(browser: Any, *keys: str) -> None:
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def test_search_open_follow_and_back(opened: Any) -> None:
    says(opened, "#status", "4 knots of 4")
    opened.find_element("id", "search").send_keys("finalizer-in")
    says(opened, "#status", "1 knot of 4")
    opened.find_element("partial link text", "3 rings").click()
    says(opened, "h1", "main.T: 3 rings")
    says(opened, ".chain", "main.go:12")
    opened.find_element("css selector", 'main a[href="#/knot/000000000002"]').click()
    says(opened, "h1", "a and b")
    assert waited(opened, "document.title.startsWith('a and b')")
    opened.back()
    says(opened, "h1", "main.T: 3 rings")


def test_verdict_buttons(opened: Any) -> None:
    says(opened, "#status", "4 knots of 4")
    button = opened.find_element("css selector", 'button[data-verdict="never-freed"]')
    button.click()
    says(opened, "#status", "1 knot of 4")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    says(opened, "#status", "4 knots of 4")


def test_source_of_a_knot(opened: Any, address: str) -> None:
    opened.get(f"{address}#/knot/000000000001")
    says(opened, "figure mark", "type T struct {")
    says(opened, "figure pre", HOSTILE)
    opened.find_element("css selector", "main td summary").click()
    says(opened, "main td details[open] mark", "package p")


def test_goroutines_searched_and_opened(opened: Any) -> None:
    opened.find_element("link text", "Goroutines").click()
    says(opened, "h1", "8 goroutines")
    says(opened, "#status", "2 stacks of 2")
    opened.find_element("id", "search").send_keys("leaked a.go")
    says(opened, "#status", "1 stack of 2")
    opened.find_element("link text", "main.serve").click()
    says(opened, "h1", "main.serve")
    says(opened, "main", "7 goroutines, chan send, 4,096 bytes")


def test_types_searched(opened: Any) -> None:
    opened.find_element("link text", "Types").click()
    opened.find_element("id", "search").send_keys("nothing")
    says(opened, "#status", "0 types of 1")


def test_matrix_by_keys(opened: Any) -> None:
    keys = webdriver.Keys
    opened.find_element("link text", "Folders").click()
    says(opened, "h1", "Folders")
    opened.execute_script("document.querySelector('canvas').focus()")
    press(opened, keys.ARROW_RIGHT)
    says(opened, "#cell", "3 imports of packages")
    press(opened, keys.ARROW_DOWN, keys.ARROW_DOWN)
    says(opened, "#cell", "store imports")
    press(opened, keys.ARROW_LEFT)
    says(opened, "#cell", "store does not import cmd")


def test_knots_by_keys_alone(opened: Any) -> None:
    keys = webdriver.Keys
    says(opened, "#status", "4 knots of 4")
    opened.execute_script("document.querySelector('.rows a').focus()")
    press(opened, keys.ARROW_DOWN, keys.ENTER)
    says(opened, "h1", "a and b")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("route", ROUTES)
def test_accessible(opened: Any, address: str, route: str, theme: str) -> None:
    opened.get(f"{address}{route}")
    waited(opened, "document.querySelector('h1')")
    opened.execute_script(f"document.documentElement.dataset.theme = '{theme}'")
    opened.execute_script(AXE)
    found = opened.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert found["passes"]
    serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in serious] == []
