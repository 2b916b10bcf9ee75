"""The pointer, the retention of old versions, and the sweeping up after killed runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from jobs.migrate import upgrade_service
from jobs.refresh.lease import take
from jobs.refresh.prune import Retention, prune, sweep
from jobs.refresh.publish import is_newest, kept, publish
from jobs.refresh.records import RUNS
from models.clock import iso
from models.database import engine
from models.errors import LeaseLost
from models.snapshot import layout, manifest
from models.snapshot.manifest import Manifest

TWO_DAYS = Retention(hours=48, days=14, zone="America/Toronto")


@pytest.fixture
def service(home: Path) -> Iterator[Engine]:
    address = f"sqlite:///{home / 'service.db'}"
    upgrade_service(address)
    made = engine(address)
    yield made
    made.dispose()


def version(as_of: datetime, tail: str = "0") -> str:
    return f"{as_of:%Y%m%dT%H%M%SZ}-{tail * 12}"


def snapshot(snapshots: Path, as_of: datetime, tail: str = "0") -> str:
    """A folder with a manifest, as far as retention looks at it."""
    name = version(as_of, tail)
    (snapshots / name).mkdir(parents=True)
    made = Manifest(name, iso(as_of), iso(as_of), None, True, "", "America/Toronto", "product", "1", "1", {}, ())
    manifest.write(snapshots / name, made)
    return name


def ran(service: Engine, name: str, ended: datetime, state: str = "published") -> None:
    """A run that made that version."""
    moment = ended.replace(tzinfo=None)
    with service.begin() as connection:
        connection.execute(
            insert(RUNS).values(
                run_id=f"{name[:20]}{moment:%d%H}",
                trigger="cli",
                state=state,
                started_at=moment,
                ended_at=moment,
                snapshot_version=name,
                fence=1,
            )
        )


NOW = datetime(2026, 2, 20, 9, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_replaced_versions_stay_for_clients_that_page_and_the_last_of_each_day_longer(
    service: Engine, home: Path
) -> None:
    """
    | version            | published    | replaced     | kept because                    |
    | 20 days ago        | 20 days ago  | 19 days ago  |                                 |
    | 19 days ago        | 19 days ago  | 10 days ago  |                                 |
    | 10 days ago, first | 10 days ago  | + 1 hour     |                                 |
    | 10 days ago, last  | + 1 hour     | 3 days ago   | last of its day                 |
    | 3 days ago, first  | 3 days ago   | 1.5 days ago | replaced 1.5 days ago           |
    | 3 days ago, last   | 1.5 days ago | 1 day ago    | replaced a day ago; last of day |
    | 1 day ago          | 1 day ago    | now          | replaced just now               |
    | 300 days ago       | replayed 1 h ago             | replayed just now               |
    | 301 days ago       | replayed 3 days ago          |                                 |
    | now                |              |              | served                          |
    """
    hour = timedelta(hours=1)
    made = {
        name: snapshot(home, as_of)
        for name, as_of in {
            "20": days_ago(20), "19": days_ago(19), "10 first": days_ago(10), "10 last": days_ago(10) + hour,
            "3 first": days_ago(3), "3 last": days_ago(3) + hour, "1": days_ago(1), "300": days_ago(300),
            "301": days_ago(301), "now": NOW,
        }.items()
    }  # fmt: skip
    for name in ("20", "19", "10 first", "10 last", "3 first", "1"):
        ran(service, made[name], kept(home)[made[name]])
    ran(service, made["3 last"], days_ago(1.5))
    ran(service, made["300"], NOW - hour, "replayed")
    ran(service, made["301"], days_ago(3), "replayed")
    layout.point_to(home, made["now"])
    removed = prune(service, home, made["now"], NOW, TWO_DAYS)
    assert set(removed) == {made[name] for name in ("20", "19", "10 first", "301")}
    assert set(kept(home)) == set(made.values()) - set(removed)
    assert not list(home.glob(".*"))


def test_days_are_the_citys_days(service: Engine, home: Path) -> None:
    evening, night, morning = (datetime(2026, 2, 10, hour, tzinfo=UTC) for hour in (3, 6, 15))
    names = [snapshot(home, moment) for moment in (evening, night, morning)]
    layout.point_to(home, snapshot(home, NOW))
    assert prune(service, home, version(NOW), NOW, TWO_DAYS) == (names[1],)


def test_no_retention_still_keeps_what_is_served_and_what_was_just_made(service: Engine, home: Path) -> None:
    served, made, old = snapshot(home, days_ago(2)), snapshot(home, days_ago(30)), snapshot(home, days_ago(3))
    layout.point_to(home, served)
    assert prune(service, home, made, NOW, Retention(0, 0, "America/Toronto")) == (old,)


def test_the_sweep_takes_leftovers_and_nothing_else(home: Path) -> None:
    snapshots, history = home / "snapshots", home / "history"
    left = [
        snapshots / ".building-1/rows", snapshots / ".pruned-x", history / ".night-1", home / ".work-1/spill",
    ]  # fmt: skip
    stays = [snapshots / "20260131T090000Z-0123456789ab", history / "20260131T090000.000Z", home / "other"]
    for folder in (*left, *stays):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    (snapshots / ".current-123").write_text("x")
    layout.point_to(snapshots, "20260131T090000Z-0123456789ab")
    assert sweep(home, snapshots, history) == 5
    assert not list(home.rglob(".*"))
    assert all((folder / "file").is_file() for folder in stays)
    assert layout.current_version(snapshots) == "20260131T090000Z-0123456789ab"
    assert sweep(home / "never made", home / "never made", home / "never made") == 0


def test_the_pointer_moves_only_under_the_lease(service: Engine, home: Path) -> None:
    old, new = snapshot(home, days_ago(1)), snapshot(home, NOW)
    hold = take(service, "first", 60)
    publish(home, old, hold)
    hold.release()
    take(service, "second", 60)
    with pytest.raises(LeaseLost):
        publish(home, new, hold)
    assert layout.current_version(home) == old


@pytest.mark.parametrize(
    ("served", "asked", "newest"),
    [
        ("yesterday", 0, True),
        ("yesterday", 1, False),  # the same moment by other rules does not push out what is served
        ("yesterday", 2, False),
        ("lost", 3, False),  # the served one is gone; something newer than 3 days ago is kept
        ("lost", 2, True),
        ("never", 2, True),
        ("never", 3, False),
    ],
)
def test_a_replay_is_published_only_as_the_newest(home: Path, served: str, asked: float, newest: bool) -> None:
    snapshot(home, days_ago(2))
    if served != "never":
        name = snapshot(home, days_ago(1)) if served == "yesterday" else version(days_ago(1))
        layout.point_to(home, name)
    assert is_newest(home, days_ago(asked)) is newest
