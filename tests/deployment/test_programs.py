"""What becomes of a test whose program is missing."""

from __future__ import annotations

import pytest

from tests.support.programs import installed


def test_the_first_program_that_there_is_will_do() -> None:
    assert installed("no-such-program", "sh").endswith("/sh")


def test_without_its_program_a_test_says_why_it_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        installed("no-such-program")


def test_under_ci_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        installed("no-such-program")
