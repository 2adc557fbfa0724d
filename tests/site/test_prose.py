"""The chapters' prose: its words, its order, and the commands and controls that it names.

A page that says "press *Cut*" becomes wrong when that button gets another name, and a command when its module moves.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
from tornado.websocket import websocket_connect

from tests.support.programs import installed
from tests.support.server_process import ROOT, running, start, stop
from tutorial.__main__ import make_parser
from tutorial.book import quoting
from tutorial.book.chapters import Chapter, chapters
from tutorial.existing_app.start import CHAT_STORE
from tutorial.measurements import MEASUREMENTS

CHAPTERS = chapters()
NUMBERED = {one.number: one for one in CHAPTERS}
FILES = [*Path("tutorial/chapters").glob("*.md"), *Path("tutorial/exercises").glob("*/hints.md")]
NO_PROSE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|```.*?```|`[^`]*`", re.DOTALL)


@pytest.fixture(params=CHAPTERS, ids=lambda chapter: chapter.stem)
def chapter(request: pytest.FixtureRequest) -> Chapter:
    wanted: Chapter = request.param
    return wanted


OPEN_LISTING = re.compile(r"\{\{ source\((?!.*?fold=).*?\) \}\}")
LISTINGS_BEFORE_AN_EXERCISE = {1: 3}
EXPERIMENT = re.compile(r'\{% call experiment\("([a-z-]+)"')
STARTED_IN_A_TERMINAL = {13}  # the shop: its own pages are the first thing to try


def test_an_experiment_comes_before_the_first_listing(chapter: Chapter) -> None:
    if chapter.number not in STARTED_IN_A_TERMINAL:
        assert chapter.body.find("{% call experiment(") < chapter.body.find("{{ source(")


def test_the_first_chapter_about_code_shows_three_listings_before_its_exercise() -> None:
    for number, most in LISTINGS_BEFORE_AN_EXERCISE.items():
        before = NUMBERED[number].body.split("{{ exercise(")[0]
        assert len(OPEN_LISTING.findall(before)) <= most


def test_an_experiment_that_settles_a_bet_is_followed_by_what_to_see(chapter: Chapter) -> None:
    for tag in set(re.findall(r'\{\{ bet\(.*?of="([a-z-]+)"', chapter.body)):
        after = chapter.body.split(f'{{% call experiment("{tag}"')[1].split("{% endcall %}")[1]
        assert "You should now see" in after.split("\n## ")[0], tag


# What stopped readers, and its plainer neighbour: tell or send, which, expensive, fix, release, transport, on average.
DIALECT = re.compile(
    r"\b(?:whoever|dear(?:est)?|shall|mend|let(?:s|ting)? go|doors?|in the mean|to that comes"
    r"|(?:is|are|be|was|were|been|gets?) told|wants? to be told|who (?:asks|comes|speaks|leaves|dies))\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_a_page_uses_the_words_of_the_field(path: Path) -> None:
    found = [word[0] for word in DIALECT.finditer(NO_PROSE.sub("", path.read_text()))]
    assert found == []


CONTROL = re.compile(
    r"\b(?:press|choose|untick|set|click)\s+(?:the \w+ )?\*([^*]+)\*", re.IGNORECASE
)


def test_a_control_that_the_text_names_is_on_the_page(chapter: Chapter) -> None:
    scripts = "\n".join(quoting.read(path) for path in quoting.paths(("static/js",)))
    named = {" ".join(name.split()) for name in CONTROL.findall(chapter.body)}
    assert [name for name in named if name not in scripts] == []


COMMAND = re.compile(r"python -m ([\w.]+)((?: [^\s`'|&]+)*)")


def test_each_command_of_a_chapter_can_be_run(chapter: Chapter) -> None:
    """Its module is there, what is measured has a name, and its options are known."""
    known = make_parser().format_help() + quoting.read("tutorial/existing_app/start.py")
    for module, given in COMMAND.findall(chapter.body):
        assert find_spec(module) is not None, module
        words = given.split()
        if words[:1] == ["measure"]:
            assert set(words[1:]) <= set(MEASUREMENTS), given
        elif module == "tutorial":
            options = [word.split("=")[0] for word in words if word.startswith("--")]
            assert [option for option in options if option not in known] == []


def test_a_second_server_has_another_store_than_the_one_of_the_page(chapter: Chapter) -> None:
    """The learner reads while the first one runs, and its chat.db is for one process."""
    for _, given in COMMAND.findall(chapter.body):
        assert "--port" not in given or "shop" in given or "--store=" in given, given
    assert make_parser().get_default("store") not in CHAT_STORE


@pytest.mark.parametrize("number", [12, 13])
def test_the_proxy_of_a_chapter_starts_with_what_its_commands_make(
    number: int, tmp_path: Path
) -> None:
    haproxy = installed("haproxy")
    [shell] = re.findall(r"```shell\n([^`]*?)haproxy -db -f (\S+)\n```", NUMBERED[number].body)
    make, file = (part.replace("/tmp/", "") for part in shell)
    make = make.replace("tutorial/", f"{ROOT}/tutorial/")
    subprocess.run(["bash", "-ec", make], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run([haproxy, "-c", "-f", file], cwd=tmp_path, check=True, capture_output=True)
    assert ":8080" in (tmp_path / file).read_text()


def test_debug_mode_says_how_long_a_step_took_and_not_which_handler_it_was(tmp_path: Path) -> None:
    """Chapter 14 says it of asyncio, and sends its reader to the stack for the line."""
    log = tmp_path / "log"
    server = start("--store=memory", "--debug", stderr=log)
    urllib.request.urlopen(f"{server.url}/slow/on-the-loop?steps=1000000").read()
    stop(server)
    text = log.read_text()
    assert re.search(r"RequestHandler\._execute.* took [\d.]+ seconds", text)
    assert "Blocking" not in text, "the class of the handler; the page would have to say so"


async def first_answers(url: str, messages: int = 20) -> set[str]:
    """Return which came first after a message over a WebSocket: "ack", "batch", or each at times."""
    socket = await websocket_connect(
        f"{url.replace('http', 'ws')}/rooms/order/websocket?cursor=now"
    )
    await socket.read_message()
    first = set()
    for _ in range(messages):
        await socket.write_message(json.dumps({"type": "send", "author": "ann", "text": "hi"}))
        answers = [json.loads(await socket.read_message() or "{}") for _ in range(2)]
        assert {answer["type"] for answer in answers} == {"ack", "batch"}
        first.add(answers[0]["type"])
    socket.close()
    assert await socket.read_message() is None  # it has closed
    return first


def test_an_ack_may_come_before_or_after_the_batch_with_its_message(tmp_path: Path) -> None:
    """Chapter 6: both orders happen, depending on the store."""
    with (
        running("--store=memory") as memory,
        running(f"--store=sqlite:{tmp_path}/chat.db") as sqlite,
    ):
        assert "ack" in asyncio.run(first_answers(memory.url))
        assert "batch" in asyncio.run(first_answers(sqlite.url))
