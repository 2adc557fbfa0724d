"""Recorded runs of the experiments, for readers without scripts: `python -m tests.support.recordings [NAME …]`.

Runs each experiment once in a browser, about a quarter of an hour in all, and keeps what it then shows: its sentence,
its facts, its tables and pictures. No number of a recording is typed. Run it again after an experiment's output has
changed; a test says when that is.
"""

from __future__ import annotations

import sys
from datetime import date

from playwright.sync_api import Locator, Page, ViewportSize

from tests.support.chromium import chromium
from tests.support.gallery import serving_gallery
from tests.support.placeholders import tags
from transports.chat import HOLD_SECONDS
from tutorial.book.recordings import FOLDER
from tutorial.measurements.command import machine

NARROW: ViewportSize = {"width": 560, "height": 900}  # a picture that is read on a phone, too
RUN_MS = 10 * 60_000
# Their output is the reader's own, or the chapter has it as a table already.
WITHOUT_RUN = {
    *("bet-calibration", "chaos-controls", "claims-audit", "decision-card"),
    *("find-and-fix", "x-ray"),
}
TIMELINES = ("polls", "gap", "hold")  # pictures that are there without a run
# Without what only a script can use, and with bars that need no style of their own.
SHOWN = """element => {
    const MOST_DOTS = 40; // of a line: more would weigh more than they say …
    const MOST_DETAILS = 4000; // … and so would longer details
    const copy = element.cloneNode(true);
    copy.querySelectorAll("button, input, select, label, iframe, [hidden]").forEach((one) => one.remove());
    copy.querySelectorAll(".ruler-bar").forEach((bar) => {
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("class", "ruler-bar");
        let x = 0;
        for (const piece of bar.children) {
            const line = svg.appendChild(document.createElementNS(svg.namespaceURI, "line"));
            const width = parseFloat(piece.style.width);
            const attributes = { x1: `${x}%`, x2: `${x + width}%`, y1: "50%", y2: "50%", class: piece.className };
            Object.entries(attributes).forEach(([name, value]) => line.setAttribute(name, value));
            x += width;
        }
        bar.replaceWith(svg);
    });
    copy.querySelectorAll(".line").forEach((line) => {
        const dots = line.querySelectorAll(".dot");
        if (dots.length > MOST_DOTS) dots.forEach((dot) => dot.remove());
    });
    const kind = (one) => one.className.baseVal + one.dataset.transport;
    const spans = Map.groupBy(copy.querySelectorAll("rect.span"), kind);
    for (const [first, ...others] of spans.values()) {
        if (others.length < MOST_DOTS) continue;
        const box = (one) => ["x", "y", "width", "height"].map((name) => +(+one.getAttribute(name)).toFixed(1));
        const drawn = ([x, y, width, height]) => `M${x} ${y}h${width}v${height}h-${width}z`;
        const path = document.createElementNS(first.namespaceURI, "path");
        path.setAttribute("class", first.className.baseVal);
        path.setAttribute("data-transport", first.dataset.transport);
        path.setAttribute("d", [first, ...others].map((one) => drawn(box(one))).join(""));
        first.replaceWith(path);
        others.forEach((one) => one.remove());
    }
    copy.querySelectorAll("details").forEach((details) => {
        if (details.innerHTML.length <= MOST_DETAILS) return;
        const plot = details.closest("figure.plot");
        plot?.querySelector("svg[role=img]").setAttribute("aria-label", plot.querySelector("figcaption").textContent);
        details.remove();
    });
    copy.querySelectorAll("svg[role=group]").forEach((picture) => picture.setAttribute("role", "img"));
    for (const one of copy.querySelectorAll("*")) {
        for (const name of ["id", "style", "title", "aria-live"]) one.removeAttribute(name);
        if (one.matches("[role=slider]"))
            for (const name of one.getAttributeNames())
                if (/role|tabindex|aria-/.test(name)) one.removeAttribute(name);
        if (!one.className) one.removeAttribute("class");
        if (!one.namespaceURI.endsWith("svg")) continue;
        for (const { name, value } of Array.from(one.attributes))
            one.setAttribute(name, value.replace(/\\d+\\.\\d\\d+/g, (number) => +(+number).toFixed(1)));
    }
    return copy.innerHTML;
}"""
WITH = """(element, attributes) => {
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.connectedCallback();
}"""
SETTINGS = (
    "lab => lab.result.settings.map(({ label, value, words }) => `${label}: ${words(value)}`)"
)


def names() -> list[str]:
    """Return what is recorded: experiments with a Run button, and the pictures of timelines."""
    return [
        *(tag for tag in tags() if tag not in WITHOUT_RUN),
        *map("message-timeline-{}".format, TIMELINES),
    ]


def record(page: Page, url: str, name: str) -> str:
    """Run an experiment, and return what it shows then."""
    tag, _, shows = name.partition("-timeline-")
    if shows:
        page.goto(f"{url}/gallery?show=message-timeline")
        picture = page.locator("message-timeline")
        picture.evaluate(WITH, {"shows": shows, "hold": str(HOLD_SECONDS)})
        return str(picture.evaluate(SHOWN)) + "\n"
    page.goto(f"{url}/gallery?show={tag}")
    lab = page.locator(tag)
    lab.get_by_role("button", name="Run").click()
    if tag == "check-button-chat":
        press_check(page, lab)
    page.wait_for_function(
        "lab => !lab.hasAttribute('running')", arg=lab.element_handle(), timeout=RUN_MS
    )
    summary, facts = (lab.locator(part).inner_text() for part in (".lab-status", ".lab-facts"))
    if not facts:
        raise RuntimeError(f"{tag}: {summary}")
    settings = "".join(f", {one}" for one in lab.evaluate(SETTINGS))
    source = f"Recorded on {date.today().isoformat()}, {machine()}, {browser(page)}{settings}."
    output = lab.locator(".lab-output").evaluate(SHOWN)
    return (
        f'<p class="recorded-when small">{source}</p>\n<p>{summary}</p>\n'
        f'<p class="small">{facts}</p>\n{output}\n'
    )


def press_check(page: Page, lab: Locator) -> None:
    """Press Check every six seconds, as a reader might."""
    check = lab.get_by_role("button", name="Check")
    for _ in range(9):
        page.wait_for_timeout(6000)
        check.click()


def browser(page: Page) -> str:
    """Return the browser's name and version."""
    assert page.context.browser is not None
    return f"Chromium {page.context.browser.version.partition('.')[0]}"


def main(wanted: list[str]) -> None:
    """Record each, or those that are named."""
    with serving_gallery() as url, chromium() as chrome:
        page = chrome.new_page(viewport=NARROW)
        for name in wanted or names():
            text = record(page, url, name)
            (FOLDER / f"{name}.html").write_text(text, "utf-8")
            print(name, len(text), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
