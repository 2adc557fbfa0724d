"""Recorded runs: where an experiment has a Run button, a reader without scripts finds what a run of it showed."""

from __future__ import annotations

import re

import pytest
from markupsafe import Markup

from tests.support.recordings import WITHOUT_RUN, names
from tutorial.book.chapters import Chapter, chapters
from tutorial.book.placeholders import placeholder
from tutorial.book.recordings import FOLDER, recording
from tutorial.book.rendering import render

EXPERIMENT = re.compile(
    r'<div class="experiment" data-experiment="([a-z-]+)".*?</\1></div>', re.DOTALL
)
HEAD = re.compile(r'<th scope="col"[^>]*>(.*?)</th>')
COMMAND = "python -m tests.support.recordings"


def test_each_experiment_that_can_be_run_has_a_recording_and_nothing_else_has() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(names()), COMMAND


@pytest.mark.parametrize("name", [name for name in names() if "-timeline-" not in name])
def test_a_recording_says_when_and_where_and_has_the_columns_of_its_experiment(name: str) -> None:
    text = recording(name)
    assert re.search(r"Recorded on 20\d\d-\d\d-\d\d, \d+ cores, .*, Chromium \d+", text)
    assert re.search(r"n = [1-9]", text)
    fresh = HEAD.findall(placeholder(name))
    assert HEAD.findall(text)[: len(fresh)] == fresh, COMMAND
    assert not re.search(r"<(button|input|select|iframe|script)| (id|style)=", text)


@pytest.mark.parametrize("chapter", chapters(), ids=lambda chapter: str(chapter.number))
def test_a_chapter_without_scripts_has_a_run_of_each_of_its_experiments(chapter: Chapter) -> None:
    html = render(chapter, lambda _: Markup("")).html
    frames = list(EXPERIMENT.finditer(html))
    assert frames
    for frame in frames:
        live = frame[1] in WITHOUT_RUN | {"chat-pane", "bet-list"}
        assert live != bool(
            re.search(r'<noscript>.*<div class="recorded">.*</noscript>', frame[0], re.DOTALL)
        ), frame[1]
