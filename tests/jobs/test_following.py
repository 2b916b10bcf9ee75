"""What follows a run: Power BI refreshes and a webhook hears of it, whatever goes wrong, and the run ends as it ended.

A little over 400 lines in one file: the table of endings comes first, and the other tests ask the service that it sets up.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from jobs.cli import command_line
from jobs.commands.doctor import examine
from jobs.following import run_end
from jobs.following.configured import Place, PowerBi, power_bi
from jobs.following.patience import Patience
from jobs.following.refreshing import Wanted, bodies, refresh_model, retry_after
from jobs.following.service import Answer, Service, calling
from jobs.refresh.lease import take
from jobs.refresh.progress import Done
from jobs.refresh.records import RUNS, STEPS
from models.crisis.reference import Team
from models.database import engine
from models.errors import CheckFailed, ConfigurationError, LeaseHeld
from models.keeping_errors import PowerBiNotRefreshed
from models.settings import JobSettings
from models.snapshot.manifest import CheckResult
from powerbi.model.build import model
from tests.helpers.nights import QUICK, Town
from tests.helpers.powerbi_stand_in import CUT, GONE, SECRET, TEXT, WORKSPACE, StandIn, standing_in
from tests.helpers.tiny import change

MORNING, NEXT = "2026-02-01T09:00:00Z", "2026-02-02T03:30:00Z"
VIEWER, ANALYST = "cfafbeb1-8037-4d0c-896e-a46fb27ff229", "cfafbeb1-8037-4d0c-896e-000000000000"
AT = Place(WORKSPACE, VIEWER)
LIMIT = 1800.0
DAY = date(2026, 2, 1)


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self, told_after: float | None = None) -> None:
        self.now = 0.0
        self.told_after = told_after

    def patience(self, seconds: float) -> Patience:
        """A patience by this clock."""
        return Patience(seconds, told=self.told, clock=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """Pass at once."""
        self.now += seconds

    def told(self) -> bool:
        """Whether the process has to end by now."""
        return self.told_after is not None and self.now >= self.told_after


def asking(address: str, folder: Path, **more: Any) -> PowerBi:
    """Settings that lead to a stand-in."""
    (folder / "secret").write_text(f"{SECRET}\n")
    settings = {
        "tenant": "t", "client": "c", "secret_file": folder / "secret", "models": {"viewer": AT},
        "mode": "auto", "seconds": LIMIT, "narrowed": False, "api": address, "login": address, "scope": "s",
    }  # fmt: skip
    return PowerBi(**(settings | more))  # type: ignore[arg-type]


MANY = [(429, {"Retry-After": "90"})]
ROWS: list[tuple[str, dict[str, Any], str, str, int, float]] = [
    # what happens, the service, the word, the detail, how often it was asked, seconds that passed
    ("202, completed", {}, "done", "enhanced", 1, 15),
    ("202, without an id to look up", {"ids": False}, "done", "enhanced", 1, 15),
    ("shared capacity", {"dedicated": False}, "done", "plain", 1, 15),
    ("capacity unclear: enhanced refused", {"posts": [(400, {})]}, "done", "plain", 2, 15),
    ("409, then free", {"posts": [(409, {})] * 3}, "done", "enhanced", 4, 105),
    ("409 to the limit", {"posts": [(409, {})] * 99}, "busy", "409 Code409", 60, LIMIT),
    ("429 with Retry-After", {"posts": MANY}, "done", "enhanced", 2, 105),
    ("429, no Retry-After", {"posts": [(429, {})]}, "done", "enhanced", 2, 75),
    ("429 beyond the limit", {"posts": [(429, {"Retry-After": "7200"})]}, "throttled",
     "429 Code429, to be asked again in 7200 s", 1, 0),
    ("429 while it is looked at", {"states": ["429", "Completed"]}, "done", "enhanced", 1, 7),
    ("failed", {"states": ["Failed ModelRefresh_ShortMessage_ProcessingError"]}, "failed",
     "Failed ModelRefresh_ShortMessage_ProcessingError", 1, 0),
    ("failed, plain", {"dedicated": False, "states": ["Failed ModelRefreshFailed"]}, "failed", "Failed ModelRefreshFailed", 1, 0),
    ("cancelled", {"states": ["InProgress", "cancelled"]}, "failed", "cancelled", 1, 15),
    ("out of memory, then well", {"states": ["Failed 0xC11C0020", "Completed"]}, "done", "enhanced", 2, 0),
    ("never ends", {"states": ["InProgress"]}, "timeout", "still running after 30 min", 1, LIMIT),
    ("dropped once", {"states": [GONE] * 13 + ["Completed"]}, "done", "enhanced", 2, 180),
    ("dropped twice", {"states": [GONE]}, "dropped", "accepted, and not seen afterwards", 2, 360),
    ("dropped, plain", {"dedicated": False, "states": [GONE]}, "dropped", "accepted, and not seen afterwards", 2, 360),
    ("looked at in vain, then seen", {"states": ["500", "502", "Completed"]}, "done", "enhanced", 1, 30),
    ("500, then well", {"posts": [(500, {})] * 3}, "done", "enhanced", 4, 75),
    ("503 for good", {"posts": [(503, {})] * 99}, "unreachable", "503 Code503", 4, 60),
    ("cut off, then well", {"posts": [(CUT, {})]}, "done", "enhanced", 2, 35),
    ("cut off for good", {"posts": [(CUT, {})] * 99}, "unreachable", "RemoteProtocolError", 4, 60),
    ("403", {"dedicated": False, "posts": [(403, {})]}, "refused", "403 Code403", 1, 0),
    ("token expired", {"expired": 1}, "done", "enhanced", 1, 15),
    ("token never good", {"expired": 99}, "refused", "401 TokenExpired", 0, 0),
    ("sign-in refused", {"signing_in": 401}, "refused", "sign-in 401 invalid_client", 0, 0),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_way_in_which_it_ends(tmp_path: Path, row: tuple[str, dict[str, Any], str, str, int, float]) -> None:
    _, service, *wanted = row
    clock = Clock()
    with standing_in(StandIn(**service)) as there, calling() as client:
        made = Service(asking(there.address, tmp_path), client)
        ending = refresh_model(made, Wanted("viewer", AT, DAY, whole=False), clock.patience(LIMIT))
    assert [ending.outcome, ending.detail, len(there.asked), clock.now] == wanted
    assert "Jane" not in ending.detail
    assert {dataset for dataset, _ in there.asked} <= {VIEWER}


def test_nobody_there(tmp_path: Path) -> None:
    clock = Clock()
    with standing_in(StandIn()) as there:
        address = there.address
    with calling() as client:
        made = Service(asking(address, tmp_path), client)
        ending = refresh_model(made, Wanted("viewer", AT, DAY, whole=False), clock.patience(LIMIT))
    assert (ending.outcome, ending.detail) == ("unreachable", "ConnectError")


@pytest.mark.parametrize(("after", "asked"), [(0.0, 0), (40.0, 1)])
def test_a_process_that_has_to_end_waits_no_longer(tmp_path: Path, after: float, asked: int) -> None:
    clock = Clock(told_after=after)
    with standing_in(StandIn(states=["InProgress"])) as there, calling() as client:
        made = Service(asking(there.address, tmp_path), client)
        ending = refresh_model(made, Wanted("viewer", AT, DAY, whole=False), clock.patience(LIMIT))
    assert (ending.outcome, len(there.asked), clock.now) == ("stopped", asked, after)


def test_what_is_asked_for() -> None:
    """
    | capacity  | model   | revised | requests                                                            |
    | dedicated | any     | no      | full, by the policy, as of the city's day                           |
    | dedicated | viewer  | yes     | the same: it has no record table                                    |
    | dedicated | analyst | yes     | the same, then the record tables whole: the policy adds the new year's part, and leaves old ones |
    | shared    | any     | any     | nothing but the request: it may hold nothing else                   |
    """
    first = {
        "type": "full", "commitMode": "transactional", "retryCount": 1, "timeout": "01:30:05",
        "applyRefreshPolicy": True, "effectiveDate": "2026-02-01",
    }  # fmt: skip
    for audience in ("viewer", "analyst"):
        for whole in (False, True):
            assert bodies(Wanted(audience, AT, DAY, whole), 5405, enhanced=False) == ({},)
            assert bodies(Wanted(audience, AT, DAY, whole), 5405, enhanced=True)[0] == first
    assert len(bodies(Wanted("viewer", AT, DAY, whole=True), 5405, enhanced=True)) == 1
    assert len(bodies(Wanted("analyst", AT, DAY, whole=False), 5405, enhanced=True)) == 1
    _, second = bodies(Wanted("analyst", AT, DAY, whole=True), 5405, enhanced=True)
    with_policy = [{"table": table.name} for table in model("analyst").tables if table.refresh]
    assert (second["applyRefreshPolicy"], second["objects"]) == (False, with_policy)
    assert "effectiveDate" not in second
    assert len(with_policy) > 3
    assert bodies(Wanted("viewer", AT, DAY, whole=False), 1e9, enhanced=True)[0]["timeout"] == "23:59:00"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("Thu, 05 Feb 2026 09:01:30 GMT", 90),
        ("Thu, 05 Feb 2026 08:00:00 GMT", 0),
        ("soon", 60),
        ("", 60),
    ],
)
def test_how_long_to_wait_is_a_number_or_a_date(text: str, seconds: float) -> None:
    moment = datetime(2026, 2, 5, 9, tzinfo=UTC)
    assert retry_after(Answer(429, {"retry-after": text}, {}), moment) == seconds


def following(town: Town, there: StandIn, **more: Any) -> None:
    """Settings with both models and a webhook."""
    (town.settings.home.parent / "secret").write_text(SECRET)
    town.settings = JobSettings(
        home=town.settings.home,
        **{
            "powerbi_tenant": "t", "powerbi_client": "c", "powerbi_secret_file": town.settings.home.parent / "secret",
            "powerbi_workspace": WORKSPACE, "powerbi_datasets": f"viewer:{VIEWER}, analyst:{ANALYST}",
            "powerbi_api": there.address, "powerbi_login": there.address, "webhook_url": f"{there.address}/hook",
            "webhook_failure_url": f"{there.address}/fail", **more,
        },
    )  # fmt: skip


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Runs end with a clock that passes at once."""
    clock = Clock()
    real = run_end.follow
    monkeypatch.setattr(run_end, "follow", lambda *args, **named: real(*args, **{**named, "patience": clock.patience}))
    return clock


def after(town: Town) -> list[tuple[str, str, str | None]]:
    """(step, outcome, detail) of the last run that stand behind its own."""
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        last = select(RUNS.c.run_id).order_by(RUNS.c.fence.desc()).limit(1).scalar_subquery()
        query = select(STEPS.c.name, STEPS.c.outcome, STEPS.c.detail).where(STEPS.c.run_id == last)
        found = [tuple(row) for row in connection.execute(query.order_by(STEPS.c.step_id))]
    made.dispose()
    return [row for row in found if row[0].partition(" ")[0] in ("powerbi", "webhook")]  # type: ignore[misc]


def last_state(town: Town) -> tuple[str, str | None]:
    """State and error code of the last run."""
    made = engine(town.settings.service_database)
    with made.connect() as connection:
        row = connection.execute(select(RUNS.c.state, RUNS.c.error_code).order_by(RUNS.c.fence.desc()).limit(1)).one()
    made.dispose()
    return tuple(row)


def test_a_good_night_is_followed(town: Town, quickly: Clock) -> None:
    shown: list[object] = []
    with standing_in(StandIn()) as there:
        following(town, there)
        town.refresh(MORNING)
        change(town.source, Team, "north", name="Far north")
        outcome = town.refresh(NEXT, progress=shown.append)
    assert [event.step for event in shown if isinstance(event, Done)][-4:] == [
        "webhook: done", "powerbi viewer: done", "powerbi analyst: done", "webhook powerbi: done",
    ]  # fmt: skip
    assert after(town) == [
        ("webhook", "done", "200"),
        ("powerbi viewer", "done", "enhanced"),
        ("powerbi analyst", "done", "enhanced"),
        ("webhook powerbi", "done", "200"),
    ]
    run, models = there.told[-2:]
    assert [path for path, _ in there.told] == ["/hook"] * 4
    assert run[1] == {
        "event": "run", "ok": True, "run_id": outcome.run_id, "state": "published", "error_code": None, "exit_code": 0,
        "published": outcome.version, "as_of": "2026-02-02T03:30:00.000Z", "sent_at": "2026-02-02T03:30:00.000Z",
    }  # fmt: skip
    assert models[1]["models"] == {"viewer": "done", "analyst": "done"}
    assert {body["effectiveDate"] for _, body in there.asked[-2:]} == {"2026-02-01"}, "in Toronto it is still that day"
    assert not [item for item in examine(town.settings) if item.id in ("W011", "W012", "W013")]


def bad(_con: object, _parameters: object) -> tuple[CheckResult, ...]:
    """A check that blocks."""
    return (CheckResult("stand_in", True, "failed", "no good"),)


def test_a_failed_night_is_followed_too_and_stays_failed(town: Town, quickly: Clock) -> None:
    with standing_in(StandIn()) as there:
        following(town, there)
        published = town.refresh(MORNING).version
        change(town.source, Team, "north", name="Far north")
        with pytest.raises(CheckFailed):
            town.refresh(NEXT, numbers=replace(QUICK, check=bad))
    assert last_state(town) == ("failed", "CheckFailed")
    assert [row[:2] for row in after(town)] == [
        ("webhook", "done"), ("powerbi viewer", "done"), ("powerbi analyst", "done"), ("webhook powerbi", "done"),
    ]  # fmt: skip
    path, said = there.told[-2]
    assert (path, said["ok"], said["state"], said["error_code"], said["exit_code"]) == (
        "/fail",
        False,
        "failed",
        "CheckFailed",
        12,
    )
    assert said["published"] == published
    assert there.told[-1][0] == "/hook"


TROUBLES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]], set[str]]] = {
    # the stand-in, the settings, what stands behind the run, what the doctor finds
    "power bi refuses one": (
        {"posts": [(404, {})]}, {},
        [("webhook", "done"), ("powerbi viewer", "refused"), ("powerbi analyst", "done"), ("webhook powerbi", "done")], {"W011"},
    ),
    "webhook refuses": (
        {"hooks": [404, 500, 500, 500]}, {},
        [("webhook", "refused"), ("powerbi viewer", "done"), ("powerbi analyst", "done"), ("webhook powerbi", "refused")], {"W012"},
    ),
    "webhook is away for a moment": (
        {"hooks": [503, CUT]}, {"powerbi_tenant": None, "powerbi_client": None, "powerbi_secret_file": None,
                                "powerbi_workspace": None, "powerbi_datasets": ""},
        [("webhook", "done")], set(),
    ),
    "half the settings": (
        {}, {"powerbi_client": None}, [("webhook", "done"), ("powerbi", "failed"), ("webhook powerbi", "done")], {"W011", "W013"},
    ),
    "no secret file": (
        {}, {"powerbi_secret_file": Path("nowhere")},
        [("webhook", "done"), ("powerbi viewer", "failed"), ("powerbi analyst", "failed"), ("webhook powerbi", "done")], {"W011"},
    ),
    "an open address": (
        {}, {"powerbi_api": "http://power.example"}, [("webhook", "done"), ("powerbi", "failed"), ("webhook powerbi", "done")],
        {"W011", "W013"},
    ),
    "an open webhook": (
        {}, {"webhook_url": "http://hook.example"},
        [("webhook", "failed"), ("powerbi viewer", "done"), ("powerbi analyst", "done"), ("webhook powerbi", "failed")],
        {"W012", "W013"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nothing_that_follows_changes_how_the_run_ended(town: Town, quickly: Clock, trouble: str) -> None:
    service, settings, steps, findings = TROUBLES[trouble]
    with standing_in(StandIn(**service)) as there:
        following(town, there, **settings)
        outcome = town.refresh(MORNING)
    assert outcome.state == "published"
    assert last_state(town) == ("published", None)
    assert [row[:2] for row in after(town)] == steps
    assert {item.id for item in examine(town.settings) if item.id in ("W011", "W012", "W013")} == findings
    shown = json.dumps([[item.detail for item in examine(town.settings)], after(town), there.told])
    assert SECRET not in shown
    assert TEXT not in shown


def test_a_run_that_never_began_is_followed_by_nothing(town: Town, quickly: Clock) -> None:
    service = engine(town.settings.service_database)
    with standing_in(StandIn()) as there:
        following(town, there)
        hold = take(service, "another", 60)
        with pytest.raises(LeaseHeld):
            town.refresh(MORNING)
        hold.release()
    service.dispose()
    assert (there.asked, there.told) == ([], [])


@pytest.mark.parametrize(("narrowed", "changed", "requests"), [(True, True, 2), (True, False, 1), (False, True, 1)])
def test_a_revision_outside_a_narrowed_window_is_read_by_a_second_request(
    town: Town, quickly: Clock, narrowed: bool, changed: bool, requests: int
) -> None:
    town.refresh(MORNING)
    if changed:
        change(town.source, Team, "north", name="Far north")
    with standing_in(StandIn()) as there:
        following(town, there, powerbi_narrowed=narrowed)
        town.refresh(NEXT)
    assert len([body for dataset, body in there.asked if dataset == ANALYST]) == requests
    assert len([body for dataset, body in there.asked if dataset == VIEWER]) == 1


def test_without_settings_nothing_is_recorded_or_asked(town: Town) -> None:
    town.refresh(MORNING)
    assert after(town) == []
    assert power_bi(town.settings) is None


def test_by_hand(town: Town, monkeypatch: pytest.MonkeyPatch, quickly: Clock) -> None:
    town.refresh(MORNING)
    run: Callable[..., Any] = CliRunner().invoke
    monkeypatch.setattr("jobs.commands.powerbi.Patience", quickly.patience)
    with standing_in(StandIn()) as there:
        following(town, there)
        for name in ("tenant", "client", "secret_file", "workspace", "api", "login"):
            monkeypatch.setenv(f"CRISIS_POWERBI_{name.upper()}", str(getattr(town.settings, f"powerbi_{name}")))
        monkeypatch.setenv("CRISIS_POWERBI_DATASETS", f"analyst:{WORKSPACE}/{ANALYST}")
        done = run(command_line(["powerbi"]), ["powerbi", "refresh", "--whole", "--json"])
        there.posts = [(404, {})]
        bad_end = run(command_line(["powerbi"]), ["powerbi", "refresh"])
        none = run(command_line(["powerbi"]), ["powerbi", "refresh", "--audience", "viewer"])
    assert json.loads(done.stdout)["analyst"]["detail"] == "enhanced, record tables as a whole"
    assert len(there.asked) == 3
    assert isinstance(bad_end.exception, PowerBiNotRefreshed)
    assert "analyst: refused, 404 Code404" in bad_end.stdout
    assert isinstance(none.exception, PowerBiNotRefreshed)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("viewer:1, analyst:2", {"viewer": Place("w", "1"), "analyst": Place("w", "2")}),
        ("viewer:a/1,analyst:b/2", {"viewer": Place("a", "1"), "analyst": Place("b", "2")}),
        ("lead:1", None),
        ("viewer", None),
        ("viewer:", None),
        ("viewer:a/../b", None),
        ("viewer:1?x=2", None),
    ],
)
def test_which_models(tmp_path: Path, words: str, found: dict[str, Place] | None) -> None:
    settings = JobSettings(
        home=tmp_path, powerbi_tenant="t", powerbi_client="c", powerbi_secret_file=tmp_path / "secret",
        powerbi_workspace="w", powerbi_datasets=words,  # type: ignore[arg-type]
    )  # fmt: skip
    if found is None:
        with pytest.raises(ConfigurationError, match="CRISIS_POWERBI_DATASETS") as refused:
            power_bi(settings)
        assert "WORKSPACE/MODEL" in (refused.value.hint or "")
    else:
        made = power_bi(settings)
        assert made is not None
        assert made.models == found
