"""The catalogue checks itself: each wrong declaration is named, and the real one has no fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from models.catalogue import CATALOGUE
from models.catalogue.codes import STAGES
from models.catalogue.types import Additivity, Catalogue, Code, CodeList, Column, Edm, Navigation, View
from models.catalogue.validate import problems


def with_view(name: str, change: Callable[[View], View]) -> Catalogue:
    """The real catalogue with one view changed."""
    return replace(CATALOGUE, views={**CATALOGUE.views, name: change(CATALOGUE.views[name])})


def columns(view: View, name: str, **changes: object) -> View:
    """The view with one column changed."""
    return replace(
        view, _by_name={}, columns=tuple(replace(c, **changes) if c.name == name else c for c in view.columns)
    )


def test_the_real_catalogue_has_no_fault() -> None:
    assert problems(CATALOGUE) == ()


BROKEN: tuple[tuple[str, Catalogue, str], ...] = (
    ("a name with a hyphen", with_view("Teams", lambda v: replace(v, name="My-Teams", _by_name={})), "no PascalCase name"),
    ("key unknown", with_view("Teams", lambda v: replace(v, key=("Nothing",), order=("Nothing",), _by_name={})), "is not among its columns"),
    ("key may be null", with_view("Teams", lambda v: columns(v, "TeamCode", nullable=True)), "may be null"),
    ("no description", with_view("Teams", lambda v: columns(v, "TeamName", description=" ")), "has no description"),
    ("text without length", with_view("Teams", lambda v: columns(v, "TeamName", max_length=None)), "text without a length"),
    ("unknown code list", with_view("Teams", lambda v: columns(v, "TeamKindCode", codes="nonsense")), "unknown code list"),
    ("decimal without scale", with_view("HourlyActivity", lambda v: columns(v, "MeanPerHour", scale=None)), "without precision and scale"),
    ("number without unit", with_view("DailyCalls", lambda v: columns(v, "CallCount", unit=None)), "has no unit"),
    ("unknown role", with_view("Teams", lambda v: replace(v, roles=frozenset({"police"}), _by_name={})), "role that does not exist"),
    ("order is not total", with_view("Calls", lambda v: replace(v, order=("OperationalDate",), _by_name={})), "not total"),
    ("navigation to nowhere", with_view("Calls", lambda v: replace(v, navigations=(Navigation("X", "None", ("CallId",)),), _by_name={})), "does not reach a key"),
    ("navigation from nowhere", with_view("Calls", lambda v: replace(v, navigations=(Navigation("X", "Teams", ("Nope",)),), _by_name={})), "unknown column"),
    ("two columns of one name", with_view("Teams", lambda v: replace(v, columns=(Column("teamcode", Edm.INT32, "x"), *v.columns), _by_name={})), "share a name"),
    ("no SnapshotId", with_view("Teams", lambda v: replace(v, columns=v.columns[:-1], _by_name={})), "not SnapshotId"),
    ("metric of no column", replace(CATALOGUE, metrics={"x": replace(CATALOGUE.metrics["dispatch_rate"], id="x", numerator="Nope")}), "Nope is no column"),
    ("metric adds up otherwise", replace(CATALOGUE, metrics={"x": replace(CATALOGUE.metrics["open_incidents"], id="x", additivity=Additivity.ADDITIVE)}), "adds up otherwise"),
    ("share without denominator", replace(CATALOGUE, metrics={"x": replace(CATALOGUE.metrics["dispatch_rate"], id="x", denominator=None)}), "needs a denominator"),
    ("a code twice", replace(CATALOGUE, codes={**CATALOGUE.codes, "y": CodeList("y", "Y", (Code("a", "A"), Code("a", "B")))}), "stands twice"),
)  # fmt: skip


@pytest.mark.parametrize(("catalogue", "fault"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_wrong_declaration_is_named(catalogue: Catalogue, fault: str) -> None:
    assert any(fault in problem for problem in problems(catalogue)), problems(catalogue)


def test_the_daily_list_is_complete_and_families_are_kept_apart() -> None:
    assert [metric.number for metric in CATALOGUE.metrics.values()] == [f"D{n}" for n in range(1, 16)]
    families = {metric.number: metric.family.value for metric in CATALOGUE.metrics.values()}
    assert {families[f"D{n}"] for n in range(1, 5)} == {"violent_critical"}
    assert {families[f"D{n}"] for n in range(5, 14)} == {"person_in_crisis"}


def test_stages_are_the_code_list() -> None:
    assert tuple(code.code for code in CATALOGUE.codes["stage"].codes) == STAGES


def test_unknown_roles_read_nothing_and_admin_holds_no_data_rights() -> None:
    assert CATALOGUE.readable("police") == ()
    assert CATALOGUE.readable("admin") == ()
    assert {view.name for view in CATALOGUE.readable("refresh")} == {"Snapshots", "RefreshStatus"}
    records = {view.name for view in CATALOGUE.views.values() if view.group == "records"}
    assert len(records) == 8
    assert not records & {view.name for role in ("viewer", "lead") for view in CATALOGUE.readable(role)}


def lookups(catalogue: Catalogue) -> list[str]:
    """Columns by which a person or the place of an event could be looked up."""
    words = ("personkey", "address", "latitude", "longitude", "birth", "location")
    return [
        f"{view.name}.{column.name}"
        for view in catalogue.views.values()
        for column in view.columns
        if any(word in column.name.lower() for word in words) and not column.name.startswith("Label")
    ]


def test_nobody_can_be_looked_up() -> None:
    assert lookups(CATALOGUE) == []
    leaky = with_view(
        "Contacts", lambda v: replace(v, columns=(Column("PersonKey", Edm.INT64, "x"), *v.columns), _by_name={})
    )
    assert lookups(leaky) == ["Contacts.PersonKey"]
