"""The chat page in a real browser: what people do with it, and what may never go wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.support import server_process
from tests.support.browser import OpenPage, Process
from tests.support.posting import background_posts, post_message
from tests.support.server_process import ServerProcess

pytest_plugins = ["tests.support.browser_fixtures"]

LABELS = {
    "short-polling": "short polling",
    "long-polling": "long polling",
    "websocket": "WebSocket",
    "server-sent-events": "server-sent events",
}
TRANSPORTS = list(LABELS)
NETWORK_ERRORS = (r"net::ERR_", r"WebSocket connection to", "status of 503")
EXACT = re.compile(r"✓")


def test_switching_20_times_while_another_writes_500_messages_leaves_every_pane_exact(
    open_page: OpenPage, site: ServerProcess
) -> None:
    one = open_page("/chat?room=switching&transport=short-polling")
    all_ = open_page("/chat?room=switching&mode=compare&guest=0")
    one.connected()
    all_.connected()
    with background_posts(site.url, "switching", count=500, rate=160):
        for switch in range(20):
            one.choose(LABELS[TRANSPORTS[(switch + 1) % len(TRANSPORTS)]])
            one.page.wait_for_timeout(120)
    expect(one.pane.locator('[data-gauge="received"]')).to_have_text("500")
    expect(one.pane.locator(".verdict")).to_have_text("✓ exact")
    assert one.ids() == list(range(1, 501))
    for transport in TRANSPORTS:
        exact = "✓ 500 messages: 0 lost, 0 twice, 0 out of order"
        expect(all_.pane_of(transport).locator(".tally")).to_have_text(exact)
        assert all_.ids(all_.pane_of(transport)) == list(range(1, 501))


def test_markup_in_a_message_shows_as_text(open_page: OpenPage, site: ServerProcess) -> None:
    markup = "<img src=x onerror=document.title='run'><script>alert(1)</script>"
    view = open_page("/chat?room=markup&transport=websocket")
    post_message(site.url, "markup", markup, author="<b>eve</b>")
    expect(view.pane.locator(".log .text")).to_have_text(markup)
    expect(view.pane.locator(".log .author")).to_have_text("<b>eve</b>")
    assert view.page.locator(".log img, .log script, .log b b").count() == 0
    assert "run" not in view.page.title().split()


def test_the_server_restarts_and_every_pane_goes_on(
    open_page: OpenPage, process: Process, tmp_path: Path
) -> None:
    store = f"--store=sqlite:{tmp_path / 'chat.db'}"
    server = process(store)
    view = open_page("/chat?room=restart&mode=compare&guest=0", server=server)
    view.expect_errors(*NETWORK_ERRORS)
    view.connected()
    post_message(server.url, "restart", "before")
    for transport in TRANSPORTS:
        expect(view.pane_of(transport).locator(".log .text")).to_have_text(["before"])
    assert server_process.stop(server) == 0
    process(store, f"--port={server.port}")
    post_message(server.url, "restart", "after")
    for transport in TRANSPORTS:
        expect(view.pane_of(transport).locator(".log .text")).to_have_text(["before", "after"])
        expect(view.pane_of(transport).locator(".tally")).to_have_text(EXACT)


STATES = {
    "short-polling": r"^(next poll in \d\.\d s|requesting)$",
    "long-polling": r"^held for \d\.\d s$",
    "websocket": r"^open for \d\.\d s$",
    "server-sent-events": r"^open for \d\.\d s$",
}


def test_two_tabs_talk_over_each_transport_whose_state_is_shown_in_words(
    open_page: OpenPage,
) -> None:
    ann = open_page("/chat?room=two-tabs")
    bob = open_page("/chat?room=two-tabs", tab_of=ann)
    written: list[str] = []
    for transport, state in STATES.items():
        for view in (ann, bob):
            view.choose(LABELS[transport])
            expect(view.pane.locator(".state")).to_have_text(re.compile(state))
        for view in (ann, bob):
            written.append(f"{len(written)} over {transport}")
            view.write(written[-1])
            for reader in (ann, bob):
                expect(reader.pane.locator(".log li[data-id] .text")).to_have_text(written)
            expect(view.pane.locator(".pending")).to_have_count(0)


def test_a_message_shows_at_once_and_settles_when_the_server_has_it(open_page: OpenPage) -> None:
    view = open_page("/chat?room=optimistic")
    held: list[Route] = []
    view.page.route("**/messages*", lambda route: held.append(route))
    for count, transport in enumerate(["short-polling", "long-polling", "server-sent-events"]):
        view.choose(LABELS[transport])
        view.write(transport)
        expect(view.pane.locator(".pending .text")).to_have_text(transport)
        expect(view.pane.locator(".pending .fate")).to_have_text("sending")
        expect(view.pane.locator(".log li[data-id]")).to_have_count(count)
        held.pop().continue_()
        expect(view.pane.locator(".pending")).to_have_count(0)
        expect(view.pane.locator(".log li[data-id] .text").last).to_have_text(transport)


def test_a_refused_message_says_why_and_can_be_sent_again(
    open_page: OpenPage, process: Process
) -> None:
    server = process("--store=memory", "--rate-limit=0.5")  # a burst of one
    view = open_page("/chat?room=refused&transport=short-polling", server=server)
    view.expect_errors("status of 429")
    view.connected()
    view.write("first")
    there = ["first"]
    expect(view.pane.locator(".log li[data-id] .text")).to_have_text(there)
    for transport in ("short-polling", "websocket"):  # the two ways up
        view.choose(LABELS[transport])
        view.write(transport)
        expect(view.pane.locator(".why")).to_have_text(re.compile("Refused: too many messages"))
        expect(view.pane.locator(".log li[data-id] .text")).to_have_text(there)
        again = view.pane.get_by_role("button", name="Send again")
        while again.is_visible():  # until the server has had enough rest
            again.click()
            view.page.wait_for_timeout(400)
        there.append(transport)
        expect(view.pane.locator(".log li[data-id] .text")).to_have_text(there)


def test_a_message_that_is_sent_again_keeps_its_key(open_page: OpenPage) -> None:
    view = open_page("/chat?room=keys&transport=long-polling")
    view.expect_errors("status of 422")
    keys: list[str] = []
    view.page.on(
        "request",
        lambda request: (
            request.method == "POST" and keys.append(json.loads(request.post_data or "")["key"])
        ),
    )
    view.write("x" * 2001)
    expect(view.pane.locator(".why")).to_contain_text("may have 2000 characters")
    view.pane.get_by_role("button", name="Send again").click()
    expect(view.pane.get_by_role("button", name="Send again")).to_be_visible()
    assert len(keys) == 2
    assert len(set(keys)) == 1
    view.pane.get_by_role("button", name="Edit").click()
    expect(view.box).to_have_value("x" * 2001)
    expect(view.pane.locator(".pending")).to_have_count(0)


def test_a_message_whose_ack_was_lost_is_in_the_room_once(open_page: OpenPage) -> None:
    view = open_page("/chat?room=lost-ack&transport=short-polling")
    view.expect_errors(*NETWORK_ERRORS)
    lost: list[Route] = []

    def lose_the_first_ack(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.fetch()
        route.abort()

    view.page.route("**/messages*", lose_the_first_ack)
    view.write("once")
    expect(view.pane.locator(".log li[data-id] .text")).to_have_text(["once"])
    post_message(view.url, "lost-ack", "next")
    expect(view.pane.locator(".log li[data-id] .text")).to_have_text(["once", "next"])
    assert view.ids() == [1, 2]


def test_compare_shows_where_a_message_arrives_first_and_at_what_price(open_page: OpenPage) -> None:
    view = open_page("/chat?room=compare&mode=compare&guest=0")
    view.connected()
    view.write("Where does it arrive first?")
    for transport in TRANSPORTS:
        expect(view.pane_of(transport).locator(".log li[data-id] .text")).to_have_text(
            ["Where does it arrive first?"]
        )
    expect(view.page.locator(".pending")).to_have_count(0)
    expect(view.page.locator(".race h2")).to_have_text("The race of message 1")
    expect(view.page.locator(".race .time")).to_have_text([re.compile(r"\d m?s$")] * 4)
    firsts = view.page.locator('[data-score="arrived first"]').all_text_contents()
    assert set(firsts) <= {"0", "1"}
    assert "1" in firsts
    requests = view.page.locator('[data-score="requests"]')
    expect(requests.nth(TRANSPORTS.index("websocket"))).to_have_text("1")


def test_in_comparison_a_message_waits_under_the_box_and_in_no_pane_that_does_not_have_it(
    open_page: OpenPage,
) -> None:
    view = open_page("/chat?room=waits&mode=compare&guest=0")
    view.connected()
    late = view.pane_of("short-polling")
    late.get_by_role("button", name="Go offline").click()
    expect(late.locator(".state")).to_contain_text("retrying in")
    view.write("Not there yet")
    expect(view.pane_of("websocket").locator(".log .text")).to_have_text(["Not there yet"])
    expect(view.page.locator(".outgoing .text")).to_have_text(["Not there yet"])
    expect(late.locator(".log li")).to_have_count(0)
    lane = view.page.locator(".lanes [data-transport=short-polling] .time")
    expect(lane).to_have_text("not connected")
    back_off_ms = 90_000  # it waits up to 30 s
    expect(late.locator(".log .text")).to_have_text(["Not there yet"], timeout=back_off_ms)
    expect(view.page.locator(".outgoing .text")).to_have_count(0)


def test_a_cut_and_five_seconds_offline_lose_nothing(
    open_page: OpenPage, site: ServerProcess
) -> None:
    view = open_page("/chat?room=cut&mode=compare&guest=0")
    view.connected()
    for cut in view.page.get_by_role("button", name="Cut the connection").all():
        cut.click()
    post_message(site.url, "cut", "after the cut")
    for transport in TRANSPORTS:
        expect(view.pane_of(transport).locator(".log .text")).to_have_text(["after the cut"])
    for away in view.page.get_by_role("button", name="Go offline").all():
        away.click()
    for transport in TRANSPORTS:
        expect(view.pane_of(transport).locator(".state")).to_contain_text("retrying in")
    post_message(site.url, "cut", "while away")
    for transport in TRANSPORTS:
        pane = view.pane_of(transport)
        expect(pane.locator(".log .text")).to_have_text(["after the cut", "while away"])
        expect(pane.locator(".tally")).to_have_text(EXACT)


def test_what_is_no_longer_stored_is_reported_as_a_gap(
    open_page: OpenPage, process: Process
) -> None:
    server = process("--store=memory", "--history=5")
    view = open_page("/chat?room=gap&transport=long-polling", server=server)
    post_message(server.url, "gap", "seen")
    expect(view.pane.locator(".log .text")).to_have_text(["seen"])
    view.page.get_by_role("button", name="Go offline").click()
    for number in range(20):
        post_message(server.url, "gap", f"missed {number}")
    expect(view.pane.locator(".log .gap")).to_contain_text("starts over")
    expect(view.pane.locator(".log .text")).to_have_text([f"missed {n}" for n in range(15, 20)])
    expect(view.pane.get_by_text("1 gap")).to_be_visible()


def test_room_transport_and_mode_are_in_the_address(
    open_page: OpenPage,
) -> None:
    view = open_page("/chat?room=address")
    view.choose("WebSocket")
    view.page.wait_for_url("**room=address&transport=websocket")
    view.page.get_by_label("Room", exact=True).fill("Another Room")
    view.page.get_by_label("Room", exact=True).press("Enter")
    view.page.wait_for_url("**room=another-room&transport=websocket")
    view.page.get_by_role("radio", name="Compare").check()
    view.page.wait_for_url("**room=another-room&mode=compare")
    again = open_page("/chat", tab_of=view)
    expect(again.page.get_by_label("Room", exact=True)).to_have_value("another-room")
    view.page.go_back()
    expect(view.page.get_by_role("radio", name="WebSocket")).to_be_checked()


def test_a_room_that_cannot_be_named_is_refused_in_the_page(open_page: OpenPage) -> None:
    view = open_page("/chat?room=lobby")
    view.page.get_by_label("Room", exact=True).fill("né")
    view.page.get_by_label("Room", exact=True).press("Enter")
    shown = view.page.get_by_label("Room", exact=True).evaluate("(box) => box.validationMessage")
    assert "a–z" in shown
    assert "room=lobby" in view.page.url or "room=" not in view.page.url


def test_a_fifth_transport_is_offered_and_compared_when_its_row_and_module_are_added(
    open_page: OpenPage, site: ServerProcess
) -> None:
    folder = server_process.ROOT / "static" / "js"
    table = (folder / "transports.js").read_text()
    fifth = """  { name: "fifth", label: "a fifth", summary: "", pushes: false, preference: 5, connect: fifth },
]);"""
    table = 'import { connect as fifth } from "./fifth.js";\n' + table.replace("]);", fifth, 1)
    module = (folder / "short_polling.js").read_text()
    scripts = {"transports.js": table, "fifth.js": module}
    view = open_page("/source/")
    for name, text in scripts.items():
        view.page.route(f"**/static/js/{name}", fulfil_with(text))
    view.page.goto(f"{site.url}/chat?room=fifth")
    view.choose("a fifth")
    view.write("over a fifth")
    expect(view.pane.locator(".log li[data-id] .text")).to_have_text(["over a fifth"])
    view.page.get_by_role("radio", name="Compare").check()
    expect(view.page.locator("chat-pane")).to_have_count(len(TRANSPORTS) + 1)
    expect(view.page.locator('.score th[data-transport="fifth"]')).to_be_visible()


def fulfil_with(script: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=script, content_type="text/javascript")
