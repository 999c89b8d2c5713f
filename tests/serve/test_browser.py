"""The pages in headless Chromium: each view, and the way from a question to a row of a source."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.graph_copy import built_workspace
from tests.serve.browser import browser, chromium
from tests.serve.pictures import IMAGES, serving, write_pictures

CLAIM = "https://w3id.org/ace-kg/id/claim/aims3-S04"
LAUNCH = "https://w3id.org/ace-kg/id/launch/L0270"
VIEWS = {
    "home": "/",
    "questions": "/questions",
    "question": "/questions/launches-per-year-and-class",
    "claims": "/claims",
    "claim": f"/claims/one?iri={CLAIM}",
    "timeline": f"/timeline?mark={LAUNCH}",
    "map": "/map",
    "entity": "/id/launch/L0270",
    "vocabulary": "/vocabulary",
    "editor": "/editor?query=SELECT%20*%20%7B%20?s%20?p%20?o%20%7D%20LIMIT%205",
    "mistake": "/editor?query=SELECT%20*%20%7B",
    "search": "/search?q=hwasong",
}
LARGEST = 500_000  # bytes of a view as they are transferred


@pytest.fixture(scope="module")
def chrome():
    with browser() as made:
        yield made


@pytest.fixture(scope="module")
def address():
    chromium()
    with serving(built_workspace()) as made:
        yield made


class Tab:
    """A page of the browser that notes what goes wrong on it."""

    def __init__(self, chrome, address, **options):
        self.context = chrome.new_context(base_url=address, **options)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        self.bytes = 0
        page = self.page
        page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: (self.faults.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("requestfinished", self._add)

    def _add(self, request):
        sizes = request.sizes()
        self.bytes += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    def close(self, address):
        self.context.close()
        assert self.faults == []
        assert self.hosts == {urlsplit(address).netloc}


@pytest.fixture
def tab(chrome, address):
    made = Tab(chrome, address, viewport={"width": 1200, "height": 850})
    yield made
    made.close(address)


@pytest.fixture
def page(tab):
    return tab.page


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_light_and_accessible(chrome, address, name):
    from axe_playwright_python.sync_playwright import Axe

    options = {"color_scheme": "dark"} if name in ("claims", "editor", "question") else {}
    tab = Tab(chrome, address, viewport={"width": 360, "height": 740}, **options)
    status = 400 if name == "mistake" else 200
    assert tab.page.goto(VIEWS[name], wait_until="networkidle").status == status
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert tab.page.evaluate(wide) == 0
    assert 0 < tab.bytes < LARGEST
    found = Axe().run(tab.page).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in grave] == []
    if name == "mistake":  # the browser says itself that the status is 400
        tab.faults[:] = [each for each in tab.faults if "400" not in each]
    tab.close(address)


def test_the_way_from_a_question_to_the_row_of_a_source(page):
    page.goto("/")
    page.get_by_role("link", name="Questions", exact=True).click()
    page.get_by_role("link", name="Launches per year and weapon class").click()
    page.get_by_label("since").fill("2022-01-01")
    page.get_by_role("button", name="Ask").click()
    assert "since=2022-01-01" in page.url
    picture = page.get_by_role("img", name="Chart of Launches per year")
    picture.scroll_into_view_if_needed()
    width = "image => image.decode().then(() => image.naturalWidth)"
    assert picture.evaluate(width) > 100
    page.get_by_role("link", name="Claims", exact=True).click()
    page.get_by_label("Record").select_option("contradicts")
    page.get_by_role("button", name="Show").click()
    claim = page.get_by_role("listitem").filter(has_text="was of the intermediate class")
    claim.get_by_role("link", name="What it is about").click()
    claim.get_by_text("Recorded as intercontinental").wait_for()
    claim.get_by_role("link", name="launch L0270").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "launch L0270"
    page.get_by_role("link", name="Show the records that it comes from").click()
    page.get_by_text("launches.csv:").first.wait_for()
    assert "(record " in page.locator("section.records").inner_text()


def test_a_claim_shows_its_events_on_the_timeline(page):
    page.goto(f"/claims/one?iri={CLAIM}")
    page.get_by_role("link", name="on the timeline").click()
    mark = page.locator("svg.timeline a.marked").first
    mark.wait_for()
    mark.hover(force=True)
    page.get_by_role("status").filter(has_text="launch L0270, 2022-11-18").wait_for()
    box = page.locator("svg.timeline").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 60)
    page.mouse.up()
    page.wait_for_url("**from=**")
    assert "mark=" in page.url


def test_the_editor_completes_tells_mistakes_and_asks(page):
    page.goto("/editor")
    from playwright.sync_api import expect

    field, told = page.get_by_label("Query"), page.locator("#told")
    field.fill("")
    field.press_sequentially("SELECT * { ?s a nk:Mis")
    option = page.get_by_role("option", name="nk:MissileLaunch")
    option.wait_for()
    page.keyboard.press("Enter")
    assert field.input_value().endswith("?s a nk:MissileLaunch")
    expect(told).not_to_have_text("")
    field.press_sequentially(" } LIMIT 3")
    expect(told).to_have_text("")
    assert page.locator(".under .k-keyword").first.inner_text() == "SELECT"
    page.keyboard.press("Control+Enter")
    page.get_by_text("3 rows").wait_for()
    assert page.get_by_role("link", name="launch:").count() == 3


def test_texts_of_an_answer_run_no_script(page):
    text = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    page.goto(f"/editor?query=SELECT ('{text}' AS ?x) {{}}")
    assert page.get_by_role("cell").inner_text() == text


def test_keys_lead_through_the_page(page):
    page.goto("/questions")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("nuclear test")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Search: nuclear test").wait_for()


def test_the_pages_work_without_scripts(chrome, address):
    tab = Tab(chrome, address, java_script_enabled=False)
    tab.page.goto("/id/launch/L0270")
    tab.page.get_by_role("link", name="Show the records").click()
    tab.page.get_by_text("launches.csv:").first.wait_for()
    tab.page.goto("/editor")
    tab.page.get_by_label("Query").fill("ASK { ?s ?p ?o }")
    tab.page.get_by_role("button", name="Ask").click()
    tab.page.get_by_text("yes", exact=True).wait_for()
    tab.close(address)


def test_the_pictures_of_the_readme_can_be_made(chrome, address, tmp_path):
    pytest.importorskip("vl_convert")
    made = write_pictures(tmp_path, chrome, address)
    assert [path.name for path in made] == sorted(path.name for path in IMAGES.iterdir())
    picture, chart = (path.read_bytes() for path in made)
    assert picture.startswith(b"\x89PNG")
    assert 20_000 < len(picture) < 300_000
    assert chart.startswith(b"<svg ")
