"""Chapter 12's table, from symptom to line: each line is in our configuration, and a check finds that it is missing."""

from __future__ import annotations

import re

from tests.exercises.mistakes import mistakes_in
from tutorial.book import quoting
from tutorial.book.chapters import chapter
from tutorial.exercises.runner.catalogue import exercise


def test_each_line_of_the_table_is_in_our_configuration_and_is_missed_where_it_is_not() -> None:
    table = chapter(12).body.split("### From symptom to line\n")[1].split("\n\n")[0]
    lines = re.findall(r"`((?:proxy|gzip)_[^`]+)`", table)
    assert len(lines) >= 7
    ours = " ".join(quoting.read("tutorial/deploy/nginx.conf").split())
    edits = [edit for mistake in mistakes_in(exercise(12)) for edit in mistake.edits]
    for line in lines:
        assert f"{line};" in ours
        tried = [one for one in edits if f"{line};" in one.here and f"{line};" not in one.instead]
        assert tried, line
