"""Checks are declared once, in the catalogue: nothing is judged that is not declared, nothing declared goes unjudged.

And who may say "go on": an operator, about the delivery, by the check's own id.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from jobs.cli import command_line
from jobs.refresh.check import every
from jobs.refresh.records import CHECKS
from jobs.verdict import acceptable, broken, passed, refuse, standing
from models.catalogue import CATALOGUE
from models.catalogue.types import Stage
from models.crisis.events import Call
from models.crisis.reference import CrisisMarker
from models.database import engine
from models.documents import checks_page
from models.errors import CheckFailed, ConfigurationError
from tests.helpers.nights import Town
from tests.helpers.tiny import change, remove

JOBS = Path(__file__).resolve().parents[2] / "jobs"
JUDGES = frozenset({"passed", "broken", "verdict", "_result"})
"""Functions whose first argument is the id of a check."""
MORNING, NEXT = "2026-02-01T09:00:00Z", "2026-02-02T09:00:00Z"


def declared(stage: Stage) -> set[str]:
    """The ids of a stage."""
    return {check.id for check in CATALOGUE.checks.values() if check.stage is stage}


def judged() -> set[str]:
    """Every id that stands as a literal where something is judged."""
    calls = (
        node
        for path in JOBS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in JUDGES and node.args
    )
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def test_declared_is_what_is_judged_both_ways() -> None:
    assert set(every()) == declared(Stage.VIEWS)
    assert judged() == declared(Stage.DELIVERY)


def test_every_check_stands_in_the_reference_with_what_to_do() -> None:
    page = "\n".join(checks_page())
    assert all(f"`{check.id}`" in page and check.next_step in page for check in CATALOGUE.checks.values())


# --- accepting --------------------------------------------------------------------------------------------------------

REFUSED = """
asked for       | message                                   | next step
rows_lots       | there is no check 'rows_lots'             | Did you mean rows_lost?
xyz             | there is no check 'xyz'                   | These may be accepted
funnel_adds_up  | funnel_adds_up cannot be accepted: it is about finished figures | These may be accepted
unknown_codes   | unknown_codes cannot be accepted: it does not block             | These may be accepted
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines()[1:])
def test_only_a_blocking_check_of_the_delivery_may_be_accepted(line: str) -> None:
    asked, message, hint = (part.strip() for part in line.split("|"))
    with pytest.raises(ConfigurationError, match=message) as caught:
        acceptable(["rows_lost", asked])
    assert str(caught.value.hint).startswith(hint)
    assert caught.value.exit_code == 2


def test_what_is_accepted_stands_and_the_rest_is_refused_in_sentences() -> None:
    found = (passed("source_reach"), broken("rows_lost", "call 61 of 120"), broken("unknown_codes", "2 words"))
    with pytest.raises(CheckFailed) as caught:
        refuse(standing(found, ()))
    assert caught.value.message == (
        "What is published stays. A table lost most of its rows (rows_lost): call 61 of 120."
    )
    kept = standing(found, acceptable(["rows_lost"]))
    refuse(kept)
    assert [each.outcome for each in kept] == ["passed", "accepted", "warned"]


@pytest.mark.parametrize("words", [["--accept", "rows_lost"], ["--accept-loss"]])
def test_the_command_accepts_and_the_night_and_the_run_remember(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    town = Town(home, monkeypatch, calls=120)
    change(town.source, CrisisMarker, "crisis-metrics-reference", synthetic=False)
    town.refresh(MORNING)
    remove(town.source, Call, *range(1, 62))
    town.at(NEXT)
    refused = CliRunner().invoke(command_line(["refresh"]), ["refresh"])
    assert isinstance(refused.exception, CheckFailed)
    assert remembered(town) == [("rows_lost", "failed")]
    done = CliRunner().invoke(command_line(["refresh"]), ["refresh", *words])
    assert done.exit_code == 0, done.output
    assert "accepted: rows_lost: more than half of the rows are gone: call 61 of 120" in done.stdout
    assert ("rows_lost", "accepted") in remembered(town)
    night = town.history.nights()[-1]
    assert {check.check: check.outcome for check in night.checks}["rows_lost"] == "accepted"


def test_a_demonstration_may_lose_whatever_it_likes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(home, monkeypatch, calls=120)
    change(town.source, CrisisMarker, "crisis-metrics-reference", synthetic=True)
    town.refresh(MORNING)
    remove(town.source, Call, *range(1, 62))
    made = town.refresh(NEXT)
    assert {check.check: check.outcome for check in made.checks}["rows_lost"] == "accepted"


def remembered(town: Town) -> list[tuple[str, str]]:
    """Checks of the last run that did not simply pass, blocking ones only."""
    made = engine(town.settings.service_database)
    last = "SELECT run_id FROM refresh_run ORDER BY fence DESC LIMIT 1"
    with made.connect() as connection:
        run_id = connection.exec_driver_sql(last).scalar()
        query = select(CHECKS.c.check_id, CHECKS.c.outcome).where(CHECKS.c.run_id == run_id)
        found = [(str(check), str(outcome)) for check, outcome in connection.execute(query)]
    made.dispose()
    return [(check, outcome) for check, outcome in found if outcome != "warned"]
