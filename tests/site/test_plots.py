"""The plots of the experiments: no words cover a point, a bar or other words, and no series has its colour alone."""

from __future__ import annotations

import pytest

from tests.support.browser import OpenPage

pytest_plugins = ["tests.support.browser_fixtures"]

DRAW = """async (width) => {
    const { Plot } = await import("/static/js/lab/plot.js");
    const { TRANSPORTS } = await import("/static/js/transports.js");
    document.head.append(Object.assign(document.createElement("link"),
        { rel: "stylesheet", href: "/static/css/experiments.css" }));
    await new Promise((resolve) => (document.head.lastChild.onload = resolve));
    const place = document.createElement("div");
    document.querySelector("main").replaceChildren(place);
    place.style.width = `${width}px`;
    const box = (element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        return { left, right, top, bottom, what: element.textContent || element.getAttribute("class") };
    };
    const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1
        || a.bottom <= b.top + 3 || b.bottom <= a.top + 3; // a line of text is higher than its letters
    const faults = [];
    const look = async (draw, name) => {
        const plot = new Plot(name);
        place.replaceChildren(plot.node);
        draw(plot);
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        const words = [...plot.node.querySelectorAll("svg[role=img] text")].map(box);
        const things = [...plot.node.querySelectorAll("svg[role=img] :is(.dot, .plot-bar, .span)")]
            .map(box).filter(({ top, bottom }) => bottom > top);
        const frame = box(plot.node);
        words.forEach((one, i) => {
            if (one.left < frame.left - 1 || one.right > frame.right + 1) faults.push([name, "cut", one.what]);
            for (const other of [...words.slice(i + 1), ...things])
                if (!apart(one, other)) faults.push([name, one.what, other.what]);
        });
    };
    const rates = [0.25, 0.5, 1, 2, 5, 20, 60];
    const kinds = [...TRANSPORTS, ...TRANSPORTS.slice(1, 2)];
    for (const [name, value] of Object.entries({ level: () => 7, rising: (x) => x * 40, falling: (x) => 300 / x,
                                                 close: (x, i) => 100 + i, apart: (x, i) => 10 ** i })) {
        const series = kinds.map(({ name, label }, i) => ({ label, transport: name, variant: i > 3 ? 1 : 0,
            points: rates.map((x) => [x, value(x, i)]) }));
        for (const log of [true, false])
            await look((plot) => plot.lines(series, { label: "messages a second", log },
                { label: "requests a second, all readers", log }), `${name}, ${log}`);
    }
    await look((plot) => plot.lines([], { label: "x" }, { label: "y" }), "empty");
    for (const values of [[], [0], [990, 995, 999], Array.from({ length: 60 }, (_, i) => i * 17),
                          Array.from({ length: 60 }, () => 3)]) {
        const mean = values.reduce((sum, one) => sum + one, 0) / (values.length || 1);
        await look((plot) => plot.histogram(values, { label: "delay, ms", most: 1150 },
            [{ at: 500, label: "T/2" }, { at: mean, label: `mean ${mean.toFixed(1)} ms` }]), `of ${values}`);
    }
    await look((plot) => plot.timeline([
        { label: "held until time is up", spans: [{ from: 0, to: 2000, kind: "held" }] },
        { label: "held until a message comes", spans: [{ from: 2000, to: 3200, kind: "held" }] },
        { label: "a message is there already: not held", spans: [{ from: 3201, to: 3202, kind: "held" }] },
    ], { label: "ms", most: 3520 }), "timeline");
    return faults;
}"""

LOOKS = """async () => {
    const { Plot } = await import("/static/js/lab/plot.js");
    const { TRANSPORTS } = await import("/static/js/transports.js");
    const series = [...TRANSPORTS.map(({ name, label }) => ({ label, transport: name })),
        { label: "waiting", transport: "long-polling", variant: 1 },
        ...[0, 1, 2].map((variant) => ({ label: `part ${variant}`, transport: "", variant }))];
    const plot = new Plot("looks");
    document.querySelector("main").append(plot.node);
    plot.lines(series.map((one) => ({ ...one, points: [[1, 1], [2, 2]] })), { label: "x" }, { label: "y" });
    const parts = (selector) => [...plot.node.querySelectorAll(`svg[role=img] .line ${selector}`)];
    const styles = (selector) => parts(selector).map((part) => getComputedStyle(part));
    const dashes = styles("polyline").map(({ stroke, strokeDasharray }) => [stroke, strokeDasharray]);
    return styles(".dot:last-child").map(({ clipPath }, i) => [...dashes[i], clipPath]);
}"""


@pytest.mark.parametrize("width", [260, 340, 860])
def test_no_words_of_a_plot_cover_a_point_a_bar_or_other_words(
    open_in_shared_tab: OpenPage, width: int
) -> None:
    page = open_in_shared_tab("/chapters/05").page
    assert page.evaluate(DRAW, width) == []


def test_no_two_series_of_a_plot_look_alike_in_shape_or_dash(open_in_shared_tab: OpenPage) -> None:
    looks = open_in_shared_tab("/chapters/05").page.evaluate(LOOKS)
    transports, parts = looks[:5], looks[5:]
    for group in (transports, parts):
        for member in (1, 2):
            assert len({look[member] for look in group}) == len(group), group
    assert len({look[0] for look in transports[:4]}) == 4
    assert len({look[0] for look in parts}) == 3
