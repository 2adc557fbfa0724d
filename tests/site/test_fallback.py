"""The automatic transport behind relays that refuse, buffer, cut and drop, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.browser import OpenPage, View
from tests.support.posting import background_posts, post_message
from tests.support.relay import Relay, relaying
from tests.support.server_process import ServerProcess

pytest_plugins = ["tests.support.browser_fixtures"]

NETWORK_ERRORS = (r"net::ERR_", r"WebSocket connection to", "status of 50")
EXACT = re.compile("^✓")


@pytest.fixture
def relay(site: ServerProcess) -> Iterator[Relay]:
    with relaying(site.port) as started:
        yield started


def open_chat(open_page: OpenPage, relay: Relay, room: str, transport: str = "automatic") -> View:
    view = open_page(f"/chat?room={room}&transport={transport}", server=relay)
    view.expect_errors(*NETWORK_ERRORS)
    return view


def test_automatic_is_the_default_and_uses_a_websocket_where_it_can(open_page: OpenPage) -> None:
    view = open_page("/chat?room=default")
    expect(view.pane.locator(".state")).to_have_text(re.compile(r"^WebSocket: open for"))
    expect(view.page.get_by_role("radio", name="automatic")).to_be_checked()
    post_message(view.url, "default", "hello")
    expect(view.pane.locator(".log .text")).to_have_text(["hello"])
    expect(view.pane.locator(".log .change")).to_have_count(0)  # nothing was changed


def test_where_upgrades_are_refused_messages_come_as_events_within_5_seconds(
    open_page: OpenPage, relay: Relay, site: ServerProcess
) -> None:
    relay.refuse_upgrades = True
    post_message(site.url, "no-upgrade", "hello")
    view = open_chat(open_page, relay, "no-upgrade")
    expect(view.pane.locator(".log .text")).to_have_text(["hello"], timeout=5000)
    words = "server-sent events, because WebSocket did not work here: open"
    expect(view.pane.locator(".state")).to_contain_text(words)
    expect(view.pane.locator(".state")).to_contain_text("; next try of WebSocket in")
    expect(view.pane.locator(".log .change")).to_have_text(
        ["WebSocket did not work here: now over server-sent events, from message 1"]
    )
    in_use = view.page.locator(".switch .in-use")
    expect(in_use).to_have_attribute("data-transport", "server-sent-events")
    view.write("and back")
    expect(view.pane.locator(".log li[data-id] .text")).to_have_text(["hello", "and back"])


def test_where_streams_are_buffered_too_a_held_request_remains(
    open_page: OpenPage, relay: Relay, site: ServerProcess
) -> None:
    relay.refuse_upgrades = relay.buffer_streams = True
    view = open_chat(open_page, relay, "buffered")
    words = "long polling, because WebSocket and server-sent events did not work here: held"
    expect(view.pane.locator(".state")).to_contain_text(words)
    post_message(site.url, "buffered", "hello")
    expect(view.pane.locator(".log .text")).to_have_text(["hello"])
    again = open_page("/chat?room=buffered&transport=automatic", server=relay, tab_of=view)
    again.expect_errors(*NETWORK_ERRORS)
    first = again.pane.locator(".state")
    expect(first).to_contain_text("long polling", timeout=5000)  # it is remembered, and not tried


def test_a_better_transport_is_taken_later_and_nothing_is_lost(
    open_page: OpenPage, relay: Relay, site: ServerProcess
) -> None:
    relay.refuse_upgrades = True
    view = open_chat(open_page, relay, "better")
    expect(view.pane.locator(".state")).to_contain_text("server-sent events")
    relay.refuse_upgrades = False
    with background_posts(site.url, "better", count=100, rate=8):
        expect(view.pane.locator(".state")).to_have_text(re.compile("^WebSocket: open"))
    expect(view.pane.locator('[data-gauge="received"]')).to_have_text("100")
    assert view.ids() == list(range(1, 101))
    expect(view.pane.locator(".verdict")).to_have_text("✓ exact")


@pytest.mark.parametrize("mode", ["transport=automatic", "mode=compare&guest=0"])
def test_connections_that_are_cut_again_and_again_lose_nothing(
    open_page: OpenPage, relay: Relay, site: ServerProcess, mode: str
) -> None:
    room = f"cuts-{mode[:4]}"
    view = open_page(f"/chat?room={room}&{mode}", server=relay)
    view.expect_errors(*NETWORK_ERRORS)
    view.connected()
    relay.cut_after_seconds = 0.7
    with background_posts(site.url, room, count=60, rate=15):
        pass
    relay.cut_after_seconds = None
    for pane in view.pane.all():
        expect(pane.locator(".log li[data-id]")).to_have_count(60)
        assert view.ids(pane) == list(range(1, 61))
        expect(pane.get_by_text(EXACT)).to_be_visible()


def test_a_message_over_a_socket_that_died_without_a_word_is_sent_over_http(
    open_page: OpenPage, relay: Relay, site: ServerProcess
) -> None:
    view = open_chat(open_page, relay, "dead", "websocket")
    expect(view.pane.locator(".state")).to_contain_text("open for")
    relay.drop_bytes()
    post_message(site.url, "dead", "from another")
    view.write("mine")
    shown = view.pane.locator(".log li[data-id] .text")
    expect(shown).to_have_text(["from another", "mine"])
    expect(view.pane.locator(".pending")).to_have_count(0)
    expect(view.pane.locator(".state")).to_contain_text("open for")


@pytest.mark.parametrize("transport", ["websocket", "server-sent-events"])
def test_45_seconds_of_silence_mean_that_the_connection_is_dead(
    open_page: OpenPage, relay: Relay, site: ServerProcess, transport: str
) -> None:
    room = f"silence-{transport}"
    view = open_chat(open_page, relay, room, transport)
    view.page.clock.install()
    view.page.reload()
    expect(view.pane).to_have_attribute("data-state", "open")
    post_message(site.url, room, "one")
    expect(view.pane.locator(".log .text")).to_have_text(["one"])
    relay.drop_bytes()
    post_message(site.url, room, "two")
    view.page.clock.run_for(46_000)
    for _ in range(8):  # the browser has idle connections that are dead, too, and takes them first
        view.page.clock.run_for(11_000)
        view.page.wait_for_timeout(200)
    expect(view.pane.locator(".log .text")).to_have_text(["one", "two"])


CAME_BACK = """(event) => (window.cameBack = new Promise((resolve) => {
  const log = document.querySelector(".log");
  const shown = () => log.querySelectorAll("li[data-id]").length;
  const before = shown();
  addEventListener(event, () => {
    const began = performance.now();
    const check = () => shown() > before && resolve(performance.now() - began);
    new MutationObserver(check).observe(log, { childList: true });
    check();
  }, { once: true });
}), 0)"""


def dispatch(view: View, event: str) -> None:
    """Let the page hear that it goes into the browser's memory, or comes out of it."""
    view.page.evaluate(f"dispatchEvent(new PageTransitionEvent('{event}', {{ persisted: true }}))")


@pytest.mark.parametrize("event", ["pageshow", "online"])
def test_a_page_that_comes_back_goes_on_from_its_cursor_within_a_second(
    open_page: OpenPage, relay: Relay, site: ServerProcess, event: str
) -> None:
    view = open_chat(open_page, relay, event)
    offline = view.page.context.set_offline
    for transport in ("short polling", "long polling", "WebSocket", "server-sent", "automatic"):
        view.choose(transport)
        view.connected()
        view.page.evaluate(CAME_BACK, event)
        dispatch(view, "pagehide") if event == "pageshow" else offline(True)
        post_message(site.url, event, "meanwhile")
        dispatch(view, "pageshow") if event == "pageshow" else offline(False)
        assert view.page.evaluate("window.cameBack") < 1000, transport
    assert view.ids() == [1, 2, 3, 4, 5]


SEEDS = """async (seeds) => {
  const { Connection } = await import("/static/js/client/connection.js");
  const { ExactlyOnce } = await import("/static/js/metering/meter.js");
  const { MeteredNetwork } = await import("/static/js/metering/metered_network.js");
  const { sendAt, ownRoom } = await import("/static/js/lab/room_reader.js");
  const { moments, seeded } = await import("/static/js/site/statistics.js");
  const { AUTOMATIC } = await import("/static/js/transports.js");

  class Refused extends EventTarget {
    constructor() {
      super();
      setTimeout(() => this.dispatchEvent(new CloseEvent("close", { code: 1006 })));
    }
    close() {}
  }
  class Buffered extends EventTarget {
    readyState = 0;
    close() {}
  }

  async function follow(seed) {
    const random = seeded(seed);
    const network = new MeteredNetwork();
    const own = { WebSocket: network.WebSocket, EventSource: network.EventSource };
    const meter = new ExactlyOnce();
    const url = `/rooms/${ownRoom("seeds")}`;
    const onArrival = ({ added }) => added.forEach(({ id }) => meter.saw(id));
    const connection = new Connection(url, { cursor: "now", network, onArrival });
    connection.use(AUTOMATIC);
    while (connection.log.cursor === "now") await new Promise((resolve) => setTimeout(resolve, 20));
    const faults = setInterval(() => {
      network.WebSocket = random() < 0.6 ? Refused : own.WebSocket;
      network.EventSource = random() < 0.3 ? Buffered : own.EventSource;
      if (random() < 0.4) network.cut();
      if (random() < 0.1) network.goOffline(300);
    }, 150);
    const never = new AbortController().signal;
    const posted = await sendAt(url, moments(40, 3000, random), never);
    clearInterval(faults);
    Object.assign(network, own);
    for (let tries = 300; meter.received < posted && tries > 0; tries--) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    connection.stop();
    const { received, lost, doubled, outOfOrder } = meter;
    return { seed, posted, received, lost, doubled, outOfOrder };
  }
  const results = [];
  for (let first = 0; first < seeds.length; first += 2) {
    results.push(...await Promise.all(seeds.slice(first, first + 2).map(follow)));
  }
  return results;
}"""


def test_whatever_the_faults_nothing_is_lost_and_nothing_doubled(
    open_page: OpenPage, pytestconfig: pytest.Config
) -> None:
    view = open_page("/source/")
    seeds = list(range(2 * pytestconfig.getoption("--seeds")))
    results = view.page.evaluate(SEEDS, seeds)
    assert len(results) == len(seeds)
    for result in results:
        assert result["received"] == result["posted"] == 40, result
        assert result["lost"] == result["doubled"] == result["outOfOrder"] == 0, result
