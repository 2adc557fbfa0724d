"""What chapter 12 says to type: each line of its table is ours, and a check misses it; its commands do what it says."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.exercises.mistakes import mistakes_in
from tutorial.book import quoting
from tutorial.book.chapters import chapter
from tutorial.exercises.runner.catalogue import Exercise, exercise


@pytest.mark.parametrize(
    ("solved", "file", "words", "end", "least"),
    [
        (exercise(12), "nginx.conf", "(?:proxy|gzip)_", ";", 7),
        (exercise(12).written_for("haproxy"), "haproxy.cfg", "(?:timeout|option|http-)", "", 4),
    ],
    ids=["nginx", "haproxy"],
)
def test_each_line_of_the_table_is_in_our_configuration_and_is_missed_where_it_is_not(
    solved: Exercise, file: str, words: str, end: str, least: int
) -> None:
    table = chapter(12).body.split("### From symptom to line\n")[1].split("\n\n")[0]
    lines = [f"{line}{end}" for line in re.findall(rf"`({words}[^`]+)`", table)]
    assert len(lines) >= least
    ours = " ".join(quoting.read(f"tutorial/deploy/{file}").split())
    edits = [edit for mistake in mistakes_in(solved) for edit in mistake.edits]
    for line in lines:
        assert line in ours
        assert [one for one in edits if line in one.here and line not in one.instead], line


def test_the_proxy_of_chapter_12_moves_to_the_ports_and_the_certificate_that_the_text_names() -> (
    None
):
    [script] = re.findall(
        r'^sed "(.*)" tutorial/deploy/haproxy.cfg', chapter(12).body, re.MULTILINE
    )
    text = quoting.read("tutorial/deploy/haproxy.cfg")
    moved = subprocess.run(
        ["sed", script.replace("$PWD", "/here")],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    binds = [line.split()[1:5] for line in moved.splitlines() if line.strip().startswith("bind")]
    assert binds == [[":8080"], [":8443", "ssl", "crt", "/here/chat.pem"]]
