"""The placeholders of the experiments, from the experiments themselves: `python -m tests.support.placeholders`.

Run it after an experiment's first markup has changed; a test says when that is.
"""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.chromium import chromium
from tests.support.gallery import serving_gallery
from tutorial.book.placeholders import FOLDER
from tutorial.book.scripts import modules

# What is drawn in pixels has its place from the style sheet, and belongs to one width.
MARKUP = """element => {
    const copy = element.cloneNode(true);
    copy.querySelectorAll(".plot-picture svg").forEach((picture) => picture.remove());
    copy.querySelectorAll("svg").forEach((sample) => sample.replaceChildren());
    return copy.innerHTML;
}"""
UNSHAPED = ("x-bet", "bet-list", "exercise-box", "chat-pane", "message-timeline")


def tags() -> list[str]:
    """Return the elements that have a placeholder: those of the experiments."""
    return sorted(
        tag for tag, file in modules().items() if "/experiments/" in file and tag not in UNSHAPED
    )


def markup(page: Page, tag: str) -> str:
    """Return the first markup of an element on a page."""
    found: str = page.locator(tag).evaluate(MARKUP)
    return found + "\n"


def main() -> None:
    """Write each placeholder."""
    with serving_gallery() as url, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{url}/gallery?show={','.join(tags())}")
        page.wait_for_load_state("networkidle")
        for tag in tags():
            (FOLDER / f"{tag}.html").write_text(markup(page, tag), "utf-8")


if __name__ == "__main__":
    main()
