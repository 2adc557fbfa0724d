"""The chapters: every one renders, shows only what is there, and types neither code nor numbers by hand.

What is public and no chapter shows is on a list below, with the reason; a list that names too much fails too.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from tutorial import exercises
from tutorial.book import quoting
from tutorial.book.chapters import Chapter, chapters
from tutorial.book.listings import address
from tutorial.book.measured_numbers import OURS, Results, Unmeasured
from tutorial.book.quoting import Unquotable
from tutorial.book.rendering import Rendered, render
from tutorial.book.scripts import scripts_of
from tutorial.site.book_pages import exercise_box
from tutorial.site.pages import make_environment

CHAPTERS = chapters()
NUMBERED = {one.number: one for one in CHAPTERS}
SHAPE = ("Your turn", "What this does not show", "In three lines")
MEASURED = "Measured against the source"

# What no chapter shows, and why. A path lets off all of its file, `path:name` one definition.
WHY_NOT = {
    "a later chapter is about it": """
        transports/rate.py transports/tokens.py transports/stores
        transports/store.py:Appended transports/store.py:Store
        transports/store.py:Counts transports/posting.py:PublishHandler
        transports/posting.py:BodyHandler""",
    "it reports numbers, and the numbers are shown": """
        transports/metrics.py transports/stream.py:Traffic static/js/metering""",
    "it spells out what its user, which is shown, says": """
        transports/app.py:NotFound transports/refusals.py transports/wire.py:to_json
        transports/strict_json.py transports/wire.py:parse_object transports/wire.py:room_field
        transports/chat.py transports/connections.py:Connection transports/connections.py:LastingConnection
        transports/frames.py:parse_send transports/frames.py:key_of transports/frames.py:error_json
        transports/origins.py transports/parameters.py:parse_limit transports/parameters.py:parse_seconds
        transports/rooms.py:Loading transports/closing.py:ClosingHandler transports/parting.py transports/acceptor.py
        transports/app.py:ChatApplication transports/proxies.py""",
    "the chapter says what it does": """
        static/js/client/fallback.js static/js/client/silence.js static/js/client/wake.js:pauseWhileAway
        static/js/client/request.js:requestBatch static/js/client/request.js:asBatch
        static/js/client/close_codes.js""",
    "it is the page around the chat": "static/js/chat static/js/site",
    "it is what an experiment is made of, and the experiment is there to be run": """
        static/js/lab static/js/experiments""",
}
EXEMPT = {place: why for why, places in WHY_NOT.items() for place in places.split()}


def box(number: int) -> Markup:
    return exercise_box(make_environment(), number)


@cache
def rendered(chapter: Chapter) -> Rendered:
    return render(chapter, box)


@cache
def ids_by_path() -> dict[str, list[str]]:
    return {one.path: Page(rendered(one).html).ids for one in CHAPTERS}


@pytest.fixture(scope="module", params=CHAPTERS, ids=lambda chapter: chapter.stem)
def chapter(request: pytest.FixtureRequest) -> Chapter:
    asked: Chapter = request.param
    return asked


def a_chapter(body: str) -> Chapter:
    return Chapter(4, "04_x", "A title", "A question?", body)


class Page(HTMLParser):
    """The ids and the addresses of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"]] if given.get("id") else []  # type: ignore[list-item]
        self.links += [given["href"]] if given.get("href") else []  # type: ignore[list-item]


def test_the_book_has_eighteen_chapters_numbered_from_zero() -> None:
    assert [one.number for one in CHAPTERS] == list(range(18))


def test_a_chapter_has_its_shape(chapter: Chapter) -> None:
    texts = [heading.text for heading in rendered(chapter).headings]
    assert set(SHAPE) <= set(texts)
    assert chapter.number == 0 or MEASURED in texts
    assert texts[-1] == "In three lines"
    recap = chapter.body.rpartition("## In three lines")[2]
    assert re.findall(r"^\d\.", recap, re.MULTILINE) == ["1.", "2.", "3."]
    for word in ("{{ bet(", '{% call experiment("', "{{ source(", "{{ exercise("):
        assert word in chapter.body


def test_a_bet_comes_before_its_experiment_and_names_one_on_its_page(chapter: Chapter) -> None:
    for bet in re.finditer(r'\{\{ bet\(.*?of="([a-z-]+)"', chapter.body):
        experiment = chapter.body.find(f'{{% call experiment("{bet[1]}"')
        assert experiment > bet.start(), bet[0]


def test_each_experiment_is_defined_by_a_module(chapter: Chapter) -> None:
    elements = rendered(chapter).elements
    assert len(scripts_of(elements)) <= len(elements)


def test_every_bet_is_settled_by_a_measure_that_its_experiment_gives(chapter: Chapter) -> None:
    for measure, tag in re.findall(r'\{\{ bet\("([\w-]+)",.*?of="([a-z-]+)"', chapter.body):
        [module] = scripts_of([tag])
        assert re.search(rf"`{measure}`", quoting.read(module.removeprefix("/"))), (tag, measure)


def test_a_bet_about_one_setting_names_what_its_experiment_was_set_to(chapter: Chapter) -> None:
    for tag, when in re.findall(r'of="([a-z-]+)", when="([^"]+)"', chapter.body):
        [module] = scripts_of([tag])
        script = (Path(__file__).parents[2] / module.lstrip("/")).read_text()
        named = re.findall(r'name: "(\w+)"|"(\w+)",?\s*\)', script)
        for setting, value in (one.split("=") for one in when.split()):
            assert setting in {one for either in named for one in either}, (module, setting)
            assert re.search(rf'"{value}"|least:', script), (module, value)


def test_links_within_the_book_lead_somewhere(chapter: Chapter) -> None:
    ids = ids_by_path()
    own = ids[chapter.path]
    assert len(own) == len(set(own)), "two headings of one name"
    for link in Page(rendered(chapter).html).links:
        path, _, anchor = link.partition("#")
        if path.startswith("/chapters/") or not path:
            assert not anchor or anchor in ids[path or chapter.path], link
        elif path.startswith("/source/"):
            names = [one.name for one in quoting.definitions(path.removeprefix("/source/"))]
            assert not anchor or unquote(anchor) in names, link
        else:
            page = path.partition("?")[0]
            pages = ("/chat", "/results", "/benchmark", "/wire", "/choose", "/glossary")
            assert page in pages, link


def written() -> list[exercises.State]:
    """Give the exercises whose chapter is there."""
    return [one for one in exercises.states() if one.number in NUMBERED]


def test_each_section_that_a_check_sends_its_reader_to_exists() -> None:
    for exercise in written():
        check = quoting.read(f"tutorial/exercises/{exercise.name}/check.py")
        wanted = set(re.findall(r'^READ_\w+ = "(.+)"', check, re.MULTILINE))
        there = {heading.text for heading in rendered(NUMBERED[exercise.number]).headings}
        assert wanted <= there, f"chapter {exercise.number}"


def test_every_exercise_is_in_its_chapter() -> None:
    for exercise in written():
        assert f'id="exercise-{exercise.number}"' in rendered(NUMBERED[exercise.number]).html


def test_no_listing_is_typed_by_hand(chapter: Chapter) -> None:
    """What is fenced is a command for a shell, or `text`: a picture of what is on the wire, held by a test below."""
    kinds = re.findall(r"^```(\w*)\n", chapter.body, re.MULTILINE)
    assert set(kinds) <= {"shell", "text", ""}
    unfenced = re.sub(r"^```.*?^```", "", chapter.body, flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"^(?: {4}|\t)\S", unfenced, re.MULTILINE)


def test_the_event_that_chapter_8_draws_is_the_one_that_the_server_sends() -> None:
    from transports.server_sent_events import event
    from transports.wire import Batch, Cursor

    drawn = re.search(r"```text\n(.*?)```", CHAPTERS[8].body, re.DOTALL)
    assert drawn is not None
    batch = Batch("lobby", Cursor("9f3c2a11", 17), False, False, ())
    sent = event(batch, chunked=False).decode()
    shown, last = drawn[1].split("…}\n")
    assert sent.startswith(shown.rstrip(" "))
    assert sent.endswith(last.rstrip("\n") + "\n\n")


QUOTED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|```.*?```|`[^`]*`", re.DOTALL)
NUMBER = re.compile(r"\b\d[\d.,]*\s?(?:ms|µs|%|kB|KiB|MB)(?!\w)")
# Numbers that are chosen or given, and not measured by us.
GIVEN = (
    "over the second small frame", "some 40 ms", "50 ms", "100 ms", "takes eight seconds",
    "over 16 KiB",
)  # fmt: skip


def test_no_measured_number_is_typed_by_hand(chapter: Chapter) -> None:
    """In prose; the table of claims quotes its sources."""
    prose = QUOTED.sub("", chapter.body).split(f"## {MEASURED}")[0]
    typed = [found[0] for found in NUMBER.finditer(prose)]
    assert [number for number in typed if not any(number in given for given in GIVEN)] == []


def public(path: str) -> Iterator[str]:
    text = quoting.read(path)
    if path.endswith(".js"):
        kinds = r"^export (?:async )?(?:function\*? |class |const |let )([\w$]+)"
        yield from re.findall(kinds, text, re.MULTILINE)
        return
    for node in ast.parse(text).body:
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not node.name.startswith("_"):
            yield node.name


def exempt(path: str, name: str) -> str | None:
    """Give the entry of EXEMPT that lets a definition off."""
    places = [path, f"{path}:{name}", path.rpartition("/")[0]]
    return next((place for place in places if place in EXEMPT), None)


def test_every_public_definition_is_shown_or_exempt_and_no_exemption_is_idle() -> None:
    quoted = {quotation for one in CHAPTERS for quotation in rendered(one).quoted}
    shown = {(path, name.partition(".")[0]) for path, name in quoted}
    everything = [(p, n) for p in quoting.paths(("transports", "static/js")) for n in public(p)]
    let_off = {exempt(*one) for one in everything if one not in shown}
    hidden = [f"{p}:{n}" for p, n in everything if (p, n) not in shown and not exempt(p, n)]
    assert hidden == []
    assert {place for place in EXEMPT} - let_off == set()


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ('{{ source("transports/room.py", "Room.sinse") }}', Unquotable),
        ('{{ source("transports/room.py") }}', Unquotable),
        ('{{ source("transports/room.py", "Room.wait", mark="no such line") }}', Unquotable),
        ('{{ test("tests/chat/test_room.py", "opened") }}', Unquotable),
        ('{{ name("no_such_name") }}', Unquotable),
        ('{{ name("connect") }}', Unquotable),
        ('{{ measured("poll.no_such_number") }}', Unmeasured),
        ("{{ no_such_word }}", UndefinedError),
        ("{{ exercise(99) }}", LookupError),
    ],
)
def test_what_is_not_there_stops_the_page(body: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        rendered(a_chapter(body))


def test_a_name_in_prose_is_a_link_to_its_definition() -> None:
    html = rendered(a_chapter('We call {{ name("Room.wait") }}.')).html
    link = '<a href="/source/transports/room.py#Room.wait"><code>Room.wait</code></a>'
    assert f"We call {link}." in html


def test_a_private_member_has_an_address_of_its_own() -> None:
    assert address("static/js/x.js", "Outbox.#post") == "/source/static/js/x.js#Outbox.%23post"


def test_a_measured_number_leads_to_where_it_comes_from() -> None:
    html = rendered(a_chapter('{{ measured("poll.total_bytes", "B") }}')).html
    assert '<a class="measured" href="#measured-poll">' in html
    assert '<li id="measured-poll">' in html
    assert "python -m tutorial measure poll" in html


def test_a_corner_of_a_table_without_words_is_no_heading() -> None:
    html = rendered(a_chapter("| | a |\n|---|---|\n| b | 1 |\n")).html
    assert re.findall(r"<t[hd]>.*?</t[hd]>", html)[0] == "<td></td>"


def test_a_constant_is_read_from_the_line_that_sets_it() -> None:
    html = rendered(a_chapter('{{ constant("HOLD_SECONDS", "transports/parameters.py") }} s')).html
    assert html == "<p>25 s</p>\n"


def test_a_readers_own_result_is_preferred_to_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yours = tmp_path / "measured.json"
    result = {"when": "2026-01-01", "machine": "mine", "values": {"total_bytes": 1234}}
    yours.write_text(json.dumps({"poll": result}))
    monkeypatch.setattr("tutorial.book.measured_numbers.YOURS", yours)
    results = Results()
    assert ">1\u202f234\u00a0B</data>" in results.shown("poll.total_bytes", "B")
    assert "measured on this machine" in results.sources()
    assert Results(OURS).value("poll.total_bytes") != 1234


def test_a_chapter_reads_well_in_a_repository_browser(chapter: Chapter) -> None:
    """Links go from file to file, and what Jinja2 fills in stands on lines of its own or names what it is."""
    files = re.findall(r"\]\((\d\d_\w+\.md)\)", chapter.body)
    assert all((Path("tutorial/chapters") / file).exists() for file in files)
    assert "](/chapters/" not in chapter.body


def test_what_the_prose_concludes_from_our_results_is_so() -> None:
    """Where a chapter draws a conclusion in words, these are the numbers behind it."""
    ours = Results(OURS).value

    def cpu(transport: str, rate: int) -> float:
        return ours(f"busy.{transport}_{rate}_cpu_percent")

    assert cpu("long_polling", 1) < cpu("short_polling", 1), "they cross between 1 …"
    assert cpu("long_polling", 5) > cpu("short_polling", 5), "… and 5"
    for rate in (1, 2, 5, 10, 50):
        polls = cpu("long_polling", rate), cpu("short_polling", rate)
        if rate <= 10:
            assert cpu("websocket", rate) < min(polls), "a push costs less than any poll"
        asked = ours(f"busy.short_polling_{rate}_requests_a_delivery")
        assert asked == pytest.approx(1 / rate, rel=0.02), "N/T requests, whatever is said"
    assert cpu("websocket", 50) == pytest.approx(cpu("short_polling", 50), rel=0.2), "as much"
    asked = ours("busy.long_polling_50_requests_a_delivery")
    assert asked == pytest.approx(1, rel=0.02), "a request a delivery, at every rate"
    naive, felt = (
        [ours(f"tables.{transport}_{table}_ms") for transport in ("short_polling", "long_polling")]
        for table in ("response", "delivery")
    )
    assert naive[0] < naive[1] / 10, "by response time short polling is by far the quicker one …"
    assert felt[1] < felt[0] / 5, "… and by delivery the other way round"
    assert 0.8 < ours("crossover.requests") < 1.25, "one message per interval"
    assert ours("crossover.cpu") > ours("crossover.requests"), "the lines cross later"
    assert 18 < ours("fanout.held_poll_ours") / ours("fanout.push_ours") < 32, "20 to 30 times"
    assert ours("fanout.push_plain_tornado") > 2 * ours("fanout.push_ours"), "the ratio survives"
    assert ours("fanout.push_bare_loop") < ours("fanout.push_ours")
    assert ours("seams.follow_mb") < 1 < ours("seams.listeners_mb")
    assert ours("unread.follow_mb") < 20 < 300 < ours("unread.listeners_mb")
    assert ours("held.websocket_kib") / ours("held.long_polling_kib") < 2, "they hardly differ"
    assert ours("poll.handshake_bytes") < 1.2 * ours("poll.total_bytes"), "paid for by one poll"
    polls, empty = ours("silence.short_polling_requests_a_minute"), ours("poll.total_bytes")
    assert ours("silence.short_polling_bytes_a_minute") == pytest.approx(polls * empty, rel=0.0005)
    parts = [ours(f"poll.{part}_bytes") for part in ("request", "head", "batch", "total")]
    assert sum(parts[:3]) == parts[3]
    assert ours("poll.overhead_bytes") == parts[0] + parts[1]
    assert ours("poll.ratio") == pytest.approx(
        ours("poll.overhead_bytes") / ours("poll.frame_head_bytes"), rel=0.001
    )
    for front in ("nginx", "varnish"):
        assert ours(f"collapse.{front}_requests_a_message") < 2 < ours("collapse.readers") / 100
        assert ours(f"collapse.{front}_quiet_requests_a_second") < 1, "one for each hold"
    assert ours("collapse.nginx_p50_ms") > 10 * ours("collapse.varnish_p50_ms"), "half a second"
    assert ours("compression.on_kib") > 5 * ours("compression.off_kib"), "the price of compression"
