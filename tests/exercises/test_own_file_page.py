"""The chat's page on a learner's own file, and on the chat of a friend: two servers, two origins, one browser."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.support.browser import OpenPage, Process
from tests.support.ports import free_port
from tests.support.posting import post_message
from tests.support.server_process import ServerProcess
from tutorial.exercises.runner.catalogue import exercise
from tutorial.own_files.table import MAKERS

pytest_plugins = ["tests.support.browser_fixtures"]

BROKEN = "str(last + len(messages))", "str(last)"
OVER_EVENTS = "/chat?room=lobby&transport=server-sent-events"


def learner(folder: Path, right: str = "", wrong: str = "") -> Path:
    """Return a folder with the solutions as a learner's files, and one thing in them changed."""
    own = folder / ".learner"
    own.mkdir(parents=True)
    for number in MAKERS:
        text = exercise(number).solution.read_text("utf-8")
        (own / exercise(number).file).write_text(text.replace(right, wrong or right), "utf-8")
    return folder


def start(process: Process, folder: Path, own: str, other: str, *options: str) -> ServerProcess:
    port = f"--port={urlsplit(own).port}"
    friend = f"--friend={other}"
    return process("--store=memory", "--mine=8", port, friend, *options, folder=folder)


def test_two_learners_read_and_write_over_each_others_transports(
    open_page: OpenPage, process: Process, tmp_path: Path
) -> None:
    ann, ben = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    anns = start(process, learner(tmp_path / "ann"), ann, ben)
    bens = start(process, learner(tmp_path / "ben", *BROKEN), ben, ann, "--mine=4")
    view = open_page(OVER_EVENTS, server=bens)
    view.friends.add(urlsplit(ann).netloc)

    note = view.page.locator("#own-files li")
    expect(note.first).to_contain_text(
        "Server-sent events here is your own file: .learner/08_server_sent_events.py, read at "
    )
    view.page.locator("select[name=server]").select_option(ann)
    expect(view.pane).to_have_attribute("data-state", "open")
    view.write("from ben’s page")
    expect(view.page.locator(".log li[data-id]")).to_have_text([re.compile("from ben’s page")])
    post_message(anns.url, "lobby", "from ann’s server")
    expect(view.page.locator(".log li[data-id]").nth(1)).to_contain_text("from ann’s server")
    view.choose("WebSocket")
    expect(view.pane).to_have_attribute("data-state", "open")

    view.page.locator("select[name=server]").select_option("this one")
    expect(view.page.locator(".log li[data-id]")).to_have_count(0)
    view.expect_errors("503")
    view.choose("long polling")
    view.write("to ben’s own file")
    expect(note.nth(1)).to_contain_text("a reader that has message 0 needs those that follow")
    expect(view.page.locator(".state-words")).to_contain_text("04_hold.py: a reader")
    view.choose("short polling")
    expect(view.page.locator(".log li[data-id]")).to_have_count(1)
