"""What Prometheus hears of the nights: every declared name with the right value, in its format, and the example rules."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from typer.testing import CliRunner

from api.observe import Counts
from jobs import monitoring as file
from jobs.cli import command_line
from jobs.commands.doctor import examine
from jobs.refresh.records import CHECKS, RUNS, STEPS
from jobs.refresh.run import refresh
from jobs.refresh.steps import Numbers
from models import monitoring
from models.crisis.reference import Team
from models.database import engine
from models.errors import CrisisError
from models.service import queue
from models.snapshot.manifest import CheckResult
from tests.conftest import ROOT
from tests.helpers import yaml_subset
from tests.helpers.nights import QUICK, Town
from tests.helpers.tiny import change

MORNING, NEXT = "2026-02-01T09:00:00Z", "2026-02-02T09:00:00Z"
KEY = "cm_abcdefghijkl"


def heard(text: str) -> dict[str, float]:
    """Prometheus' own reader: `name{label=value}` -> value."""
    return {
        sample.name + (str(sorted(sample.labels.items())) if sample.labels else ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def said(town: Town) -> dict[str, float]:
    """What is measured now, as Prometheus reads it."""
    service = engine(town.settings.service_database)
    found = monitoring.text(monitoring.measured(service, town.settings.snapshots))
    service.dispose()
    return heard(found)


def at(text: str) -> float:
    """The seconds of `02-01 09:00` in 2026, UTC."""
    return datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}:00+00:00").timestamp()


def naive(text: str) -> datetime:
    return datetime.fromtimestamp(at(text), UTC).replace(tzinfo=None)


RUNS_SAID = """
runs, oldest first                                       | running | last_ok | state     | code        | last end    | last success
-                                                        | 0       | -       | -         | -           | -           | -
published 02-01 02:15                                    | 0       | 1       | published |             | 02-01 02:20 | 02-01 02:20
published 02-01 02:15, unchanged 02-01 04:00             | 0       | 1       | unchanged |             | 02-01 04:05 | 02-01 04:05
published 02-01 02:15, failed 02-02 02:15                | 0       | 0       | failed    | CheckFailed | 02-02 02:20 | 02-01 02:20
published 02-01 02:15, failed 02-02 02:15, replayed 02-02 03:00 | 0 | 0      | failed    | CheckFailed | 02-02 02:20 | 02-01 02:20
failed 02-01 02:15, running 02-02 02:15                  | 1       | 0       | failed    | CheckFailed | 02-01 02:20 | -
published 02-01 02:15, running 02-02 02:15               | 1       | 1       | published |             | 02-01 02:20 | 02-01 02:20
"""


@pytest.mark.parametrize("line", RUNS_SAID.strip().splitlines()[1:])
def test_the_last_run_as_prometheus_reads_it(town: Town, line: str) -> None:
    runs, running, last_ok, state, code, end, success = (cell.strip() for cell in line.split("|"))
    service = engine(town.settings.service_database)
    with service.begin() as connection:
        for run in runs.split(", ") if runs != "-" else ():
            word, started = run.split(" ", 1)
            values = {"run_id": run, "trigger": "schedule", "state": word, "started_at": naive(started), "fence": 1}
            ended = None if word == "running" else naive(f"{started[:-2]}{int(started[-2:]) + 5:02d}")
            failed = {"error_code": "CheckFailed", "message": "What is published stays."} if word == "failed" else {}
            connection.execute(insert(RUNS).values(values | {"ended_at": ended} | failed))
            for check in ("half_day_missing", "other_check") if failed else ():
                connection.execute(insert(CHECKS).values(run_id=run, check_id=check, outcome="failed", detail="3 of 9"))
    service.dispose()
    found = said(town)
    assert found["crisis_refresh_running"] == float(running)
    assert ("crisis_refresh_running_since_seconds" in found) == (running == "1")
    assert found.get("crisis_refresh_last_ok") == (None if last_ok == "-" else float(last_ok))
    info = [name for name in found if name.startswith("crisis_refresh_last_info")]
    wanted = [("code", code), ("state", state), ("trigger", "schedule")]
    assert info == ([] if state == "-" else [f"crisis_refresh_last_info{wanted}"])
    assert found.get("crisis_refresh_last_end_seconds") == (None if end == "-" else at(end))
    assert found.get("crisis_refresh_last_success_seconds") == (None if success == "-" else at(success))
    blocked = [name for name in found if name.startswith("crisis_check_blocked")]
    checks = ("half_day_missing", "other_check") if state == "failed" else ()
    assert blocked == [f"crisis_check_blocked{[('check', check)]}" for check in checks]


def everything(town: Town, tmp_path: Path) -> dict[str, float]:
    """A home in which all that is declared is known: two nights, a warning, a schedule, followers, a backup, a failure."""
    warns = (CheckResult("stand_in", False, "warned", "3 of 7"),)
    town.refresh(MORNING)
    change(town.source, Team, "north", name="Far north")
    town.refresh(NEXT, numbers=Numbers(QUICK.clean, QUICK.compute, lambda _con, _parameters: warns))
    service = engine(town.settings.service_database)
    queue.beat(service, "worker:1", datetime.fromtimestamp(at("02-03 07:15"), UTC))
    queue.ask(service, KEY)
    common = {"trigger": "schedule", "fence": 9}
    with service.begin() as connection:
        connection.execute(
            insert(RUNS).values(
                common | {"run_id": "bad", "state": "failed", "started_at": naive("02-03 07:15"),
                "ended_at": naive("02-03 07:16"), "error_code": "CheckFailed", "message": "What is published stays."}
            )
        )  # fmt: skip
        found = {"run_id": "bad", "check_id": "area_match", "outcome": "failed", "detail": "3 of 9"}
        connection.execute(insert(CHECKS).values(found))
        connection.execute(
            insert(RUNS).values(common | {"run_id": "now", "state": "running", "started_at": naive("02-03 08:15")})
        )
        for name, outcome, detail in (
            ("history", "failed", "added=1 changed=2 deleted=3"),
            ("webhook", "done", "200"),
            ("powerbi viewer", "timeout", None),
        ):
            connection.execute(
                insert(STEPS).values(
                    run_id="bad", name=name, outcome=outcome, detail=detail, started_at=naive("02-03 07:15"),
                    ended_at=naive("02-03 07:16"),
                )
            )  # fmt: skip
    service.dispose()
    done = CliRunner().invoke(command_line(["backup"]), ["backup", str(tmp_path / "backups")])
    assert done.exit_code == 0, done.output
    return said(town)


def test_every_declared_metric_is_there_and_nothing_else(
    town: Town, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    found = everything(town, tmp_path)
    names = {name.partition("[")[0] for name in found}
    assert names == {metric.name for metric in monitoring.METRICS}
    assert {name: found[f"crisis_refresh_source_rows[('kind', '{name}')]"] for name in ("added", "changed", "deleted")} \
        == {"added": 1, "changed": 2, "deleted": 3}  # fmt: skip
    assert found["crisis_refresh_step_duration_seconds[('step', 'history')]"] == 60
    assert found["crisis_following_ok[('step', 'webhook')]"] == 1
    assert found["crisis_following_ok[('step', 'powerbi viewer')]"] == 0
    assert found["crisis_following_info[('outcome', 'timeout'), ('step', 'powerbi viewer')]"] == 1
    assert found["crisis_check_warned[('check', 'stand_in')]"] == 1
    assert found["crisis_check_blocked[('check', 'area_match')]"] == 1
    assert found["crisis_refresh_queue"] == 1
    assert found["crisis_schedule_next_run_seconds"] == at("02-03 07:15")
    assert found["crisis_published_as_of_seconds"] == found["crisis_backup_last_seconds"] == at("02-02 09:00")
    assert found["crisis_backup_bytes"] > 100_000
    figure(
        f"metrics of the nights: {len(names)} of {len(monitoring.METRICS)} declared names with a value, and no other"
    )


def test_a_night_says_what_came_from_the_source(town: Town) -> None:
    town.refresh(MORNING)
    change(town.source, Team, "north", name="Far north")
    town.refresh(NEXT)
    rows = {name: value for name, value in said(town).items() if name.startswith("crisis_refresh_source_rows")}
    assert list(rows.values()) == [0, 1, 0]


def test_no_row_value_is_in_it(town: Town) -> None:
    """A marked word in every text of the source that may hold one, through a good and a failed run."""
    change(town.source, Team, "north", name="MARKED north")
    town.refresh(MORNING)

    def burst(_con: object, _parameters: object) -> None:
        raise ValueError("MARKED north")

    with pytest.raises(ValueError, match="MARKED"):
        town.refresh(NEXT, numbers=Numbers(burst, QUICK.compute, QUICK.check))
    found = said(town)
    assert found["crisis_refresh_last_ok"] == 0
    assert "MARKED" not in str(found)


def test_the_file_is_written_whole_and_harms_nobody(town: Town, tmp_path: Path) -> None:
    """
    | the folder          | what comes of it                                 |
    | is there            | the file, readable by others, no other file      |
    | is not there        | False, and doctor finds W014; the run is unharmed|
    """
    path = tmp_path / "crisis.prom"
    settings = town.settings.model_copy(update={"metrics_file": path})
    town.refresh(MORNING)
    assert file.write(settings)
    assert heard(path.read_text("utf-8")) == said(town)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith((".prom", ".new"))] == ["crisis.prom"]
    elsewhere = town.settings.model_copy(update={"metrics_file": tmp_path / "none" / "crisis.prom"})
    assert not file.write(elsewhere)
    assert [found.id for found in examine(elsewhere) if found.id == "W014"] == ["W014"]
    assert [found.id for found in examine(settings) if found.id == "W014"] == []


@pytest.mark.parametrize(("works", "last_ok"), [(True, 1.0), (False, 0.0)])
def test_a_run_from_cron_leaves_the_file_good_or_bad(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, works: bool, last_ok: float
) -> None:
    town = Town(home, monkeypatch)
    monkeypatch.setenv("CRISIS_METRICS_FILE", str(tmp_path / "crisis.prom"))
    if not works:
        monkeypatch.setenv("CRISIS_SOURCE_URL", f"sqlite:///{tmp_path}/nothing.db")
    town.at(MORNING)
    monkeypatch.setattr("jobs.commands.refresh.run_refresh", partial(refresh, numbers=QUICK))
    done = CliRunner().invoke(command_line(["refresh"]), ["refresh"])
    assert isinstance(done.exception, CrisisError) is not works
    assert heard((tmp_path / "crisis.prom").read_text("utf-8"))["crisis_refresh_last_ok"] == last_ok


def test_a_killed_run_that_nobody_closed_is_found(town: Town) -> None:
    town.refresh(MORNING)
    assert not [found for found in examine(town.settings) if found.id == "W007"]
    service = engine(town.settings.service_database)
    with service.begin() as connection:
        killed = {"run_id": "killed", "state": "running", "trigger": "cli", "fence": 9}
        connection.execute(insert(RUNS).values(killed | {"started_at": naive("02-02 02:15")}))
    service.dispose()
    assert [found.detail for found in examine(town.settings) if found.id == "W007"] == [
        "begun at 2026-02-02 02:15:00 UTC"
    ]


NAME = re.compile(r"\b((?:crisis|node)_[a-z0-9_]+)\b")
FOREIGN = {"node_textfile_mtime_seconds"}
"""The node exporter's own."""


def test_the_example_rules_name_what_exists(figure: Callable[[str], None]) -> None:
    """Every metric of every rule, every label of ours in it, and the page that it points to."""
    rules = [rule for group in yaml_subset.read((ROOT / "docs/alerts.yml").read_text("utf-8"))["groups"]
             for rule in group["rules"]]  # fmt: skip
    own = {metric.name: set(metric.labels) for metric in monitoring.METRICS}
    served = {sample.name for family in Counts().registry.collect() for sample in family.samples}
    served |= {f"{family.name}_total" for family in Counts().registry.collect() if family.type == "counter"}
    used: set[str] = set()
    for rule in rules:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}, rule
        names = set(NAME.findall(rule["expr"]))
        assert names, rule
        assert names <= own.keys() | served | FOREIGN, rule["alert"]
        for name, inside in re.findall(r"(crisis_[a-z_]+)\{(\w+)[=!]", rule["expr"]):
            assert inside in own.get(name, {inside}), rule["alert"]
        labels = {label for name in names for label in own.get(name, ())}
        assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= labels, rule["alert"]
        page, _, heading = rule["annotations"]["runbook"].partition(", ")
        assert f"# {heading}" in (ROOT / page).read_text("utf-8"), rule["annotations"]["runbook"]
        used |= names
    assert len({rule["alert"] for rule in rules}) == len(rules)
    figure(f"example rules: {len(rules)}, naming {len(used)} metrics, each of which exists")
