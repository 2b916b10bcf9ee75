"""Every query that the analysts' page shows is asked and answers; those on a view's rows with what the oracle computes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.helpers.apply_instances import World
from tests.helpers.asking import Desk
from tests.helpers.capability_cases import address, faults_of_answered, world_of

PAGE = (ROOT / "docs" / "analysts.md").read_text("utf-8")
EXAMPLES = [line for block in re.findall(r"```odata\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
ROWS = [text for text in EXAMPLES if re.match(r"\w+\?", text)]


@pytest.fixture(scope="module")
def world(published: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return world_of(published, tmp_path_factory.mktemp("world"))


def test_the_page_shows_every_kind_of_query() -> None:
    assert len(ROWS) >= 14
    assert len(EXAMPLES) > len(ROWS)
    options = set(re.findall(r"\$(\w+)=", " ".join(EXAMPLES)))
    assert options == {"apply", "compute", "expand", "filter", "orderby", "search", "select", "top"}


@pytest.mark.parametrize("text", ROWS)
def test_an_example_answers_as_the_oracle_says(ask: Desk, world: World, text: str) -> None:
    assert faults_of_answered(ask, world, text, telling=False) == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_answered(ask: Desk, text: str) -> None:
    assert ask.get(address(text)).status in (200, 204)
