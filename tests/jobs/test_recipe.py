"""The version of a snapshot follows from everything that its rows depend on, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from jobs.refresh import recipe as recipes
from jobs.refresh.night import Night, TableFacts
from jobs.refresh.parameters import PROFILES, Parameters
from jobs.refresh.recipe import Recipe
from jobs.refresh.replay import choose
from models.catalogue import CATALOGUE
from models.errors import NothingToReplay
from models.snapshot import layout

PARAMETERS = Parameters(as_of=datetime(2026, 1, 31, 9, tzinfo=UTC))
RECIPE = Recipe(PARAMETERS, "a" * 64, {"Teams": "b" * 64}, "c" * 64)
OTHERS = {
    "history": replace(RECIPE, history="d" * 64),
    "definition": replace(RECIPE, definitions={"Teams": "d" * 64}),
    "method": replace(RECIPE, method="d" * 64),
    **{
        name: replace(RECIPE, parameters=replace(PARAMETERS, **{name: value}))  # type: ignore[arg-type]
        for name, value in {
            "as_of": PARAMETERS.as_of + timedelta(milliseconds=1),
            "zone": "Europe/Vienna",
            "assessment_window_ms": 1,
            "arrival_target_ms": 1,
            "follow_up_window_ms": 1,
            "profile": PROFILES["published"],
            "synthetic": True,
            "attribution": "Made up.",
            "catalogue_version": "0",
            "engine_version": "0",
        }.items()
    },
}


def test_the_same_recipe_has_the_same_version() -> None:
    again = Recipe(replace(PARAMETERS), "a" * 64, {"Teams": "b" * 64}, "c" * 64)
    assert layout.VERSION.match(RECIPE.version)
    assert RECIPE.version == again.version == "20260131T090000Z-" + RECIPE.version[-12:]


@pytest.mark.parametrize("name", OTHERS)
def test_any_change_is_another_version(name: str) -> None:
    assert OTHERS[name].version != RECIPE.version
    assert OTHERS[name].version[:16] == "20260131T090000Z"


def test_every_published_view_has_its_own_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    found = recipes.definitions()
    assert found.keys() == {view.name for view in CATALOGUE.views.values() if not view.live}
    teams = CATALOGUE.views["Teams"]
    wider = replace(teams, columns=(*teams.columns[:-1], replace(teams.columns[0], name="Other"), teams.columns[-1]))
    monkeypatch.setattr(recipes, "CATALOGUE", replace(CATALOGUE, views=CATALOGUE.views | {"Teams": wider}))
    recipes.definitions.cache_clear()
    changed = {name for name, hash_ in recipes.definitions().items() if hash_ != found[name]}
    recipes.definitions.cache_clear()
    assert changed == {"Teams"}


# which night a replay of a day knows


def night(as_of: str) -> Night:
    """A night of which only the moment matters here."""
    facts = {"team": TableFacts(None, 0, 0, 0, 0)}
    return Night("name", as_of, as_of, None, True, "Tiny", "America/Toronto", "", facts, (), "")


NIGHTS = [
    night(f"2026-02-{day}T{hour}:00:00.000Z") for day, hour in (("01", "09"), ("04", "04"), ("04", "09"), ("04", "15"))
]


@pytest.mark.parametrize(
    ("day", "as_of", "known_by"),
    [
        # day asked  as-of                       known by the night of
        ("2026-01-07", "2026-01-08T04:59:59.999", "2026-02-01T09:00"),  # before the first night
        ("2026-01-31", "2026-02-01T04:59:59.999", "2026-02-01T09:00"),
        ("2026-02-01", "2026-02-01T09:00:00", "2026-02-01T09:00"),  # a night of that day
        ("2026-02-02", "2026-02-03T04:59:59.999", "2026-02-04T04:00"),  # the first that saw it whole
        ("2026-02-03", "2026-02-04T04:00:00", "2026-02-04T04:00"),  # 4 a.m. UTC is the evening before
        ("2026-02-04", "2026-02-04T15:00:00", "2026-02-04T15:00"),  # the last of two
    ],
)
def test_a_day_is_known_by_its_last_night_or_the_first_that_saw_it_whole(day: str, as_of: str, known_by: str) -> None:
    found = choose(NIGHTS, date.fromisoformat(day))
    assert found.as_of == datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    assert found.night.moment == datetime.fromisoformat(known_by).replace(tzinfo=UTC)


def test_a_day_that_no_night_has_seen_cannot_be_replayed() -> None:
    with pytest.raises(NothingToReplay, match="ends on 2026-02-04"):
        choose(NIGHTS, date(2026, 2, 5))
    with pytest.raises(NothingToReplay, match="empty"):
        choose([], date(2026, 2, 5))
