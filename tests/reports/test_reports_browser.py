"""The real reports in a real browser, from the disk: no request, no complaint, no page wider than a phone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import NAMES, Browser, find_browser
from running import CHAPTERS, Reports

pytestmark = pytest.mark.slow

PHONE = 375


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        message = f"ブラウザ({'、'.join(NAMES)})が見つからないため、報告書をブラウザで確かめていません。"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    with Browser(program) as opened:
        yield opened


@pytest.fixture(params=(*CHAPTERS, "index"))
def page(quick: Reports, request: pytest.FixtureRequest) -> Path:
    return quick.folder / f"{request.param}.html"


def test_the_browser_sees_what_a_page_must_not_do(browser: Browser, tmp_path: Path) -> None:
    """The control: a page that does all of it."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<html lang="ja"><body><img src="https://nowhere.invalid/a.png" alt="x"><img src="none.png" alt="y">'
        '<div style="width: 900px">広い</div><script>console.error("苦情")</script></body></html>',
        encoding="utf-8",
    )
    browser.open(bad, width=PHONE)
    assert {"https://nowhere.invalid/a.png", (tmp_path / "none.png").as_uri()} <= set(browser.requests())
    assert {event["method"] for event in browser.complaints()} >= {"Runtime.consoleAPICalled"}
    assert browser.evaluate("document.documentElement.scrollWidth") > PHONE


def test_a_page_asks_for_nothing_but_itself_and_complains_of_nothing(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.evaluate("document.readyState") == "complete"
    assert browser.requests() == [page.resolve().as_uri()]
    assert browser.complaints() == []


def test_every_picture_is_drawn(browser: Browser, page: Path) -> None:
    browser.open(page)
    broken = "[...document.images].filter(image => !image.complete || image.naturalWidth < 100).length"
    assert browser.evaluate(broken) == 0


def test_no_page_is_wider_than_a_phone(browser: Browser, page: Path) -> None:
    browser.open(page, width=PHONE)
    assert browser.evaluate("window.innerWidth") == PHONE
    assert browser.evaluate("document.documentElement.scrollWidth") <= PHONE
    # What sticks out on the right although the page does not scroll would be cut off and lost.
    lost = browser.evaluate(
        "[...document.querySelectorAll('main *, header *, footer *, nav *')].filter(found => {"
        "  if (found.closest('.scroll, svg, .visually-hidden, .skip')) return false;"
        f"  return found.getBoundingClientRect().right > {PHONE} + 1; "
        "}).map(found => found.outerHTML.slice(0, 120))"
    )
    assert lost == []


def test_a_wide_table_scrolls_in_its_own_box(browser: Browser, quick: Reports) -> None:
    browser.open(quick.folder / "10_guide.html", width=PHONE)
    boxes = "[...document.querySelectorAll('.scroll')]"
    assert browser.evaluate(f"{boxes}.some(box => box.scrollWidth > box.clientWidth)") is True
    assert browser.evaluate(f"{boxes}.every(box => getComputedStyle(box).overflowX === 'auto')") is True


def test_the_first_press_of_tab_offers_the_way_past_the_head(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert browser.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert browser.evaluate("document.activeElement.getBoundingClientRect().top") >= 0


def test_links_from_the_index_open_the_chapters(browser: Browser, quick: Reports) -> None:
    browser.open(quick.folder / "index.html")
    addresses = browser.evaluate("[...document.querySelectorAll('.cards h3 a')].map(link => link.href)")
    assert addresses == [(quick.folder / f"{name}.html").resolve().as_uri() for name in CHAPTERS]
    browser.events.clear()
    browser.evaluate("document.querySelector('.cards h3 a').click()")
    browser.wait_for("Page.loadEventFired")
    assert browser.evaluate("document.querySelector('h1').textContent").startswith("手引き")
