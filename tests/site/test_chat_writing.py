"""What people write in the chat, in a real browser: it is sent once, refused with a reason, or still there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Route, expect

from tests.support.browser import OpenPage
from tests.support.posting import post_message
from tests.support.server_process import ServerProcess

pytest_plugins = ["tests.support.browser_fixtures"]

NETWORK_ERRORS = (r"net::ERR_", r"WebSocket connection to", "status of 4")
LABELS = ["short polling", "long polling", "WebSocket", "server-sent events"]


def test_a_message_that_is_too_long_steps_aside(open_page: OpenPage) -> None:
    view = open_page("/chat?room=long")
    view.expect_errors(*NETWORK_ERRORS)
    for number, label in enumerate(LABELS, start=1):
        view.choose(label)
        view.connected()
        view.write("x" * 17_000)
        view.write(f"a short one over {label}")
        sent = view.pane.locator(".log li[data-id] .text")
        expect(sent).to_have_count(number)
        expect(sent.last).to_have_text(f"a short one over {label}")
        expect(view.pane.locator(".why")).to_have_text([re.compile("Refused")] * number)


def test_send_again_uses_the_name_as_it_is_now(open_page: OpenPage) -> None:
    view = open_page("/chat?room=nameless&transport=long-polling")
    view.expect_errors("status of 422")
    view.page.get_by_label("Your name").fill("")
    view.page.get_by_label("Your name").press("Tab")
    view.write("who am I?")
    expect(view.pane.locator(".why")).to_contain_text("Refused")
    view.page.get_by_label("Your name").fill("Zoë")
    view.page.get_by_label("Your name").press("Tab")
    view.pane.get_by_role("button", name="Send again").click()
    expect(view.pane.locator(".log li[data-id] .author")).to_have_text(["Zoë"])


def test_what_is_unsent_survives_compare_another_room_the_way_back_and_a_reload(
    open_page: OpenPage,
) -> None:
    view = open_page("/chat?room=unsent&transport=short-polling")
    view.expect_errors(*NETWORK_ERRORS)
    view.connected()
    posts = re.compile("/rooms/unsent/messages")
    view.page.route(posts, lambda route: route.abort())
    view.write("on its way")
    view.box.fill("half a sen")

    def still_there() -> None:
        expect(view.page.locator(".pending .text")).to_have_text(["on its way"])
        expect(view.box).to_have_value("half a sen")

    still_there()
    view.page.get_by_role("radio", name="Compare").check()
    still_there()
    view.page.go_back()
    still_there()
    view.page.get_by_label("Room", exact=True).fill("elsewhere")
    view.page.get_by_label("Room", exact=True).press("Enter")
    expect(view.page.locator(".pending")).to_have_count(0)
    expect(view.box).to_have_value("")
    view.page.go_back()
    still_there()
    view.page.reload()
    still_there()
    view.page.unroute(posts)
    view.page.reload()
    expect(view.page.locator(".log li[data-id] .text")).to_have_text(["on its way"])
    expect(view.page.locator(".pending")).to_have_count(0)


def test_a_link_to_a_place_on_the_page_is_no_navigation(open_page: OpenPage) -> None:
    view = open_page("/chat?room=hash&transport=websocket")
    view.connected()
    pane = view.pane.element_handle()
    view.page.evaluate("location.hash = '#main'")
    view.page.wait_for_url("**#main")
    view.page.go_back()
    assert view.page.evaluate("(pane) => pane.isConnected", pane)


def test_what_other_programs_store_is_no_input(open_page: OpenPage) -> None:
    view = open_page("/source/")
    names = ["rooms", "author", "theme", "transport", "single-keys", "bets", "mode"]
    store = """([names, foreign]) => {
      for (const name of names) {
        localStorage.setItem(name, foreign);
        localStorage.setItem(`hold-the-line:${name}`, foreign);
      }
    }"""
    for foreign in ('{"a": 1}', "17", "[17]", "not JSON", '"<b>"', "null"):
        view.page.evaluate(store, [names, foreign])
        view.page.goto(view.url + "/chat?mode=one")
        view.connected()
        view.write(f"works in spite of {foreign}")
        sent = view.pane.locator(".log li[data-id] .text").last
        expect(sent).to_have_text(f"works in spite of {foreign}")


def test_an_enter_that_ends_a_composition_sends_nothing_and_text_goes_as_its_script(
    open_page: OpenPage,
) -> None:
    view = open_page("/chat?room=composition")
    view.connected()
    view.box.fill("にほん")
    enter = "{ key: 'Enter', keyCode: 229, bubbles: true, cancelable: true }"
    view.box.evaluate(f"(box) => box.dispatchEvent(new KeyboardEvent('keydown', {enter}))")
    expect(view.box).to_have_value("にほん")
    view.box.press("Enter")
    text = view.pane.locator(".log li[data-id] .text")
    expect(text).to_have_text(["にほん"])
    view.write("שלום")
    expect(text).to_have_text(["にほん", "שלום"])
    directions = "all => all.map((text) => getComputedStyle(text).direction)"
    assert text.evaluate_all(directions) == ["ltr", "rtl"]
    assert view.box.get_attribute("dir") == "auto"


def test_the_list_stays_at_its_end_and_stays_put_while_somebody_reads_back(
    open_page: OpenPage, site: ServerProcess
) -> None:
    for number in range(60):
        post_message(site.url, "reading", f"message {number}")
    view = open_page("/chat?room=reading&transport=websocket")
    log = view.pane.locator(".log")
    expect(log.locator("li[data-id]")).to_have_count(60)
    gap = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
    view.box.fill("\n" * 6)
    view.page.wait_for_function(f"() => ({gap})(document.querySelector('.log')) < 2")
    log.evaluate("(log) => log.scrollTo(0, 100)")
    view.page.wait_for_function("() => document.querySelector('.log').scrollTop === 100")
    for number in range(3):
        post_message(site.url, "reading", f"new {number}")
    news = view.pane.get_by_role("button", name="3 new messages")
    expect(news).to_be_visible()
    assert log.evaluate("(log) => log.scrollTop") == 100
    news.click()
    expect(news).to_be_hidden()
    assert log.evaluate(gap) < 2


def test_a_date_stands_where_the_day_changes(open_in_shared_tab: OpenPage) -> None:
    view = open_in_shared_tab("/source/")
    days = view.page.evaluate(
        """async () => {
          const { Messages } = await import("/static/js/chat/messages.js");
          const messages = new Messages("days", () => "ann");
          const at = (...when) => new Date(...when).getTime() / 1000;
          const moments = [at(2024, 1, 28, 23, 59), at(2024, 1, 29, 0, 1), at(2024, 1, 29, 9), at(2024, 2, 1)];
          messages.add(
            moments.map((sent_at, i) => ({ id: i + 1, author: "ann", text: "שלום", sent_at })),
            { restarted: false, history: true },
          );
          return [...messages.nodes[0].children].map((item) => item.dataset.id ?? item.textContent);
        }"""
    )
    wednesday, thursday, friday = "28 February 2024", "29 February 2024", "1 March 2024"
    expected = [wednesday, "1", thursday, "2", "3", friday, "4"]
    assert all(day.endswith(end) for day, end in zip(days, expected, strict=True)), days


def test_json_that_is_no_batch_is_a_failure_to_retry(open_page: OpenPage) -> None:
    view = open_page("/source/")
    for transport in ("short-polling", "long-polling"):
        address, room = re.compile(f"/{transport}"), f"login-{transport}"
        view.page.route(address, lambda route: route.fulfill(json={"error": "login"}))
        view.page.goto(f"{view.url}/chat?room={room}&transport={transport}")
        expect(view.pane.locator(".state")).to_contain_text("the answer was not a batch")
        view.page.unroute(address)
        post_message(view.url, room, "back")
        expect(view.pane.locator(".log .text")).to_have_text(["back"])


def test_what_answers_in_the_servers_place_loses_no_message_and_no_reader(
    open_page: OpenPage,
) -> None:
    view = open_page("/chat?room=portal&transport=short-polling")
    view.connected()
    view.expect_errors("status of (511|522|503)")
    no_text = {"type": "batch", "cursor": "x", "gap": False, "more": False, "messages": [{"id": 1}]}
    html = {"content_type": "text/html", "body": "<h1>Welcome</h1>"}
    posts = iter([{"json": {"error": "login"}}, {"status": 511, **html}])
    polls = iter([{"status": 522, **html}, {"status": 204}, {"json": no_text}])

    def answer(answers: Iterator[dict[str, Any]]) -> Callable[[Route], None]:
        def one(route: Route) -> None:
            given = next(answers, None)
            route.continue_() if given is None else route.fulfill(**given)

        return one

    view.page.route(re.compile("/messages"), answer(posts))
    view.page.route(re.compile("/short-polling"), answer(polls))
    view.write("is it there?")
    expect(view.pane.locator(".log li[data-id] .text")).to_have_text(["is it there?"])
    assert (next(posts, None), next(polls, None)) == (None, None)

    later = {"status": 503, "headers": {"Retry-After": "99999999999"}}
    waits = iter([later] * 100)
    view.page.route(re.compile("/short-polling"), answer(waits))
    expect(view.pane.locator(".state")).to_contain_text("503")
    view.write("a moment later")
    expect(view.pane.locator(".log .fate")).to_have_text("sent")
    assert len(list(waits)) == 99  # it waits, and asks no more
