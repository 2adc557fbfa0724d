"""Each claim of the conformance suite names a sentence of the contract, and the section where it stands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import test_conformance

CONTRACT = (Path(__file__).parents[2] / "tutorial" / "wire.md").read_text("utf-8")
OF_THE_SUITE = {"test_every_transport_has_a_client_that_this_suite_can_use"}
CLAIMS = [
    test
    for name, test in vars(test_conformance).items()
    if name.startswith("test_") and name not in OF_THE_SUITE
]


def plain(text: str) -> str:
    """Return a text without its marks, on one line."""
    return re.sub(r"\s+", " ", re.sub("[`*]", "", text).replace("’", "'")).strip()


def sections() -> dict[str, str]:
    """Return the contract’s sections by their headings."""
    _, *parts = re.split(r"^## (.+)$", CONTRACT, flags=re.MULTILINE)
    return {heading: plain(text) for heading, text in zip(parts[::2], parts[1::2], strict=True)}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_a_claims_sentence_stands_in_the_contract(claim: Callable[..., object]) -> None:
    section, _, sentence = (inspect.getdoc(claim) or "").partition(": ")
    assert plain(sentence).removesuffix(".") in sections()[section]
