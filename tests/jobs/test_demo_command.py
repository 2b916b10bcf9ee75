"""`crisis demo`: which folders may hold a demonstration, what it prints and writes, and that its keys stay in it.

| home                                   | CRISIS_SOURCE_URL / SERVICE_URL | CRISIS_DEMO | answer                 |
|----------------------------------------|---------------------------------|-------------|------------------------|
| empty                                  | -                               | -           | made                   |
| demo home                              | -                               | -           | kept, nothing is made  |
| demo home, a run was killed            | -                               | -           | made anew              |
| empty                                  | set                             | -           | refused, nothing there |
| empty                                  | set                             | 1           | made there             |
| with keys of a real service            | -                               | either      | refused                |
| with the history of a real source      | -                               | either      | refused                |
| with imported records                  | -                               | either      | refused                |
"""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import text, update
from typer.testing import CliRunner

from jobs import migrate
from jobs.commands import demo as command
from jobs.refresh import lease
from jobs.source.demo import city, keys
from jobs.source.demo.options import UNFINISHED
from models import clock
from models.crisis import METADATA
from models.database import engine
from models.errors import ConfigurationError, FolderNotWritable, LeaseHeld, MigrationRefused
from models.secret_files import PEPPER, secret
from models.service import keys as service_keys
from models.settings import JobSettings

NOW = "2026-11-20T19:30:00Z"
TINY = ("--calls", "30", "--years", "0.02", "--no-refresh")


@pytest.fixture(autouse=True)
def moment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRISIS_NOW", NOW)


def demo(*words: str) -> str:
    """What the command prints on standard output; its errors come out as they are."""
    app = typer.Typer()
    command.register(app)
    answer = CliRunner().invoke(app, [*TINY, *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def refused(error: type[Exception], match: str, *words: str) -> None:
    with pytest.raises(error, match=match):
        demo(*words)


def entries(home: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((home / "demo-keys.json").read_text())
    return found


def ask(home: Path, statement: str) -> Any:
    opened = engine(f"sqlite:///{home / 'crisis.db'}")
    with opened.connect() as connection:
        found = connection.execute(text(statement)).scalar()
    opened.dispose()
    return found


# ------------------------------------------------------------------ what it makes


def test_it_makes_a_city_and_says_what(home: Path) -> None:
    said = demo()
    calls = ask(home, "SELECT count(*) FROM call")
    assert f"Made a demo city: {calls:,} calls" in said
    assert "2026-11-14 to 2026-11-20" in said
    assert "Everything in it is made up." in said
    assert ask(home, "SELECT city FROM crisis_marker") == "Demo City (Toronto geography)"


def test_keys_are_in_a_closed_file_with_role_id_and_secret(home: Path) -> None:
    said = demo()
    assert stat.S_IMODE((home / "demo-keys.json").stat().st_mode) == 0o600
    assert [set(entry) for entry in entries(home)] == [{"role", "id", "secret"}] * 5
    assert [entry["role"] for entry in entries(home)] == ["viewer", "analyst", "lead", "refresh", "admin"]
    for entry in entries(home):
        assert entry["id"] in said
        assert entry["secret"] in said


def test_keys_open_the_door_with_their_role_and_the_lead_sees_two_areas(home: Path) -> None:
    demo()
    settings = JobSettings()
    pepper = secret(home, PEPPER, settings.pepper)
    opened = engine(settings.service_database)
    stored = {key.key_id: (key, scopes) for key, scopes in service_keys.listed(opened)}
    opened.dispose()
    assert len(stored) == 5
    for entry in entries(home):
        key, scopes = stored[entry["id"]]
        assert key.role == entry["role"]
        assert service_keys.matches(entry["secret"], key.secret_hash, pepper)
        assert key.expires_at == clock.now().replace(tzinfo=None) + timedelta(days=90)
        assert {(scope.kind, scope.value) for scope in scopes} == (
            {("area", "001"), ("area", "002")} if entry["role"] == "lead" else set()
        )


@pytest.mark.parametrize(
    ("words", "environment", "root"),
    [
        ((), {}, "http://127.0.0.1:8000"),
        (("--port", "8123"), {}, "http://127.0.0.1:8123"),
        ((), {"CRISIS_PORT": "8124"}, "http://127.0.0.1:8124"),
        ((), {"CRISIS_PUBLIC_URL": "https://metrics.example.org/"}, "https://metrics.example.org"),
        (("--url", "https://other.example.org/crisis"), {"CRISIS_PORT": "8124"}, "https://other.example.org/crisis"),
    ],
)
def test_it_prints_the_address_and_the_steps(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], environment: dict[str, str], root: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    said = demo(*words)
    assert f"Address when served (crisis serve): {root}\n" in said
    assert f"OData feed > {root}/odata/v1/ > Basic" in said
    assert "From OData Feed" in said
    assert f"'{root}/v1/views/DailyIncidents.csv'" in said


def test_json_is_one_object_with_address_messages_and_keys(home: Path) -> None:
    said = json.loads(demo("--json"))
    assert set(said) == {"address", "messages", "keys"}
    assert said["keys"] == entries(home)


# ------------------------------------------------------------------ the second run


def test_a_second_run_keeps_rows_and_keys_and_says_so(home: Path) -> None:
    demo()
    before, rows = entries(home), ask(home, "SELECT count(*) FROM call")
    said = demo()
    assert "The demo city is there already, ending 2026-11-20T19:30:00.000Z: nothing was generated" in said
    assert "are still valid" in said
    assert entries(home) == before
    assert ask(home, "SELECT count(*) FROM call") == rows


def test_fresh_makes_another_city_that_ends_now_and_forgets_the_history(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo()
    before = entries(home)
    (home / "history").mkdir()
    monkeypatch.setenv("CRISIS_NOW", "2026-11-21T19:30:00Z")
    said = demo("--fresh", "--seed", "7")
    assert "2026-11-15 to 2026-11-21" in said
    assert not (home / "history").exists()
    assert entries(home) == before
    assert ask(home, "SELECT max(call_arrival) FROM call") > "2026-11-21"


def test_a_run_that_was_killed_is_started_over(home: Path) -> None:
    demo()
    rows = ask(home, "SELECT count(*) FROM call")
    opened = engine(f"sqlite:///{home / 'crisis.db'}")
    with opened.begin() as connection:
        connection.execute(update(METADATA.tables["crisis_marker"]).values(city=UNFINISHED))
        connection.execute(text("DELETE FROM call WHERE call_id % 2 = 0"))
    opened.dispose()
    assert "Made a demo city" in demo()
    assert ask(home, "SELECT count(*) FROM call") == rows


@pytest.mark.parametrize("words", [(), ("--fresh",)])
def test_no_city_is_made_or_removed_while_a_refresh_runs(home: Path, words: tuple[str, ...]) -> None:
    settings = JobSettings()
    if words:
        demo()
        (home / "history").mkdir()
    migrate.upgrade_service(settings.service_database)
    database = engine(settings.service_database)
    hold = lease.take(database, "a night", 60)
    with pytest.raises(LeaseHeld):
        demo(*words)
    assert (home / "history").exists() is bool(words)
    hold.release()
    assert "Made a demo city" in demo(*words)
    database.dispose()


@pytest.mark.parametrize("damage", ["", "[]", "{", '[{"role": "viewer", "id": "cm_aaaaaaaaaaaa", "secret": "x"}]'])
def test_lost_or_foreign_key_files_bring_new_keys_and_end_the_old(home: Path, damage: str) -> None:
    demo()
    before = entries(home)
    (home / "demo-keys.json").write_text(damage)
    demo()
    opened = engine(JobSettings().service_database)
    valid = {key.key_id for key, _ in service_keys.listed(opened) if service_keys.is_valid(key, clock.now())}
    assert valid == {entry["id"] for entry in entries(home)}
    opened.dispose()
    assert valid.isdisjoint(entry["id"] for entry in before)


def test_expired_keys_are_made_anew(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo()
    before = entries(home)
    monkeypatch.setenv("CRISIS_NOW", "2027-03-01T00:00:00Z")
    demo()
    assert entries(home) != before


# ------------------------------------------------------------------ never outside a demonstration


@pytest.mark.parametrize("name", ["CRISIS_SOURCE_URL", "CRISIS_SERVICE_URL"])
def test_databases_by_address_are_refused_unless_demo_mode_says_so(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = tmp_path / "elsewhere.db"
    monkeypatch.setenv(name, f"sqlite:///{file}")
    refused(ConfigurationError, "must not touch real databases")
    assert not file.exists()
    assert list(home.iterdir()) == []
    monkeypatch.setenv("CRISIS_DEMO", "1")
    demo()
    assert file.exists()


@pytest.mark.parametrize("demo_mode", [False, True])
def test_a_home_with_keys_of_a_real_service_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, demo_mode: bool
) -> None:
    if demo_mode:
        monkeypatch.setenv("CRISIS_DEMO", "1")
    settings = JobSettings()
    migrate.upgrade_service(settings.service_database)
    opened = engine(settings.service_database)
    service_keys.store(opened, service_keys.new_key("staff dashboard", "viewer", pepper=b"x" * 32))
    refused(ConfigurationError, "keys of a real service")
    assert len(service_keys.listed(opened)) == 1
    assert not (home / "demo-keys.json").exists()
    opened.dispose()


@pytest.mark.parametrize("demo_mode", [False, True])
def test_a_home_with_a_history_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, demo_mode: bool) -> None:
    if demo_mode:
        monkeypatch.setenv("CRISIS_DEMO", "1")
    (home / "history").mkdir()
    refused(ConfigurationError, "history of a real source")
    refused(ConfigurationError, "history of a real source", "--fresh")
    assert (home / "history").is_dir()


@pytest.mark.parametrize("after_demo", [False, True])
def test_imported_records_are_never_replaced(home: Path, after_demo: bool) -> None:
    if after_demo:
        demo()
    settings = JobSettings()
    migrate.upgrade_crisis(settings.source_database)
    opened = engine(settings.source_database)
    with opened.begin() as connection:
        connection.execute(update(METADATA.tables["crisis_marker"]).values(synthetic=False, city="Toronto"))
        connection.execute(text("DELETE FROM area"))
        connection.execute(
            text(
                "INSERT INTO area (area_id, kind, version, name, equity_class, updated_at) "
                "VALUES ('001', 'neighbourhood', 'toronto-158', 'One', 'none', '2026-01-01 00:00:00.000000')"
            )
        )
    opened.dispose()
    refused(ConfigurationError, "imported records")
    refused(ConfigurationError, "imported records", "--fresh")
    assert ask(home, "SELECT count(*) FROM area") == 1


def test_a_foreign_database_in_the_home_is_refused(home: Path) -> None:
    opened = engine(f"sqlite:///{home / 'crisis.db'}")
    with opened.begin() as connection:
        connection.execute(text("CREATE TABLE customers (id INTEGER)"))
    opened.dispose()
    refused(MigrationRefused, "marker")


def test_a_home_that_is_a_file_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CRISIS_HOME", str(tmp_path / "file"))
    refused(FolderNotWritable, "cannot write")


def test_revoking_ends_demonstration_keys_and_no_other(home: Path) -> None:
    demo()
    settings = JobSettings()
    opened = engine(settings.service_database)
    own = service_keys.new_key("staff dashboard", "viewer", pepper=b"x" * 32)
    service_keys.store(opened, own)
    assert keys.revoke(settings, opened) == 5
    valid = [key.key_id for key, _ in service_keys.listed(opened) if service_keys.is_valid(key, clock.now())]
    assert valid == [own.key.key_id]
    assert not (home / "demo-keys.json").exists()
    assert keys.revoke(settings, opened) == 0
    opened.dispose()


def test_progress_goes_to_standard_error_as_plain_lines(home: Path) -> None:
    app = typer.Typer()
    command.register(app)
    answer = CliRunner().invoke(app, [*TINY, "--json"], catch_exceptions=False)
    assert "rows" in answer.stderr
    assert answer.stderr.startswith("city")
    json.loads(answer.stdout)


def test_the_city_is_the_one_that_the_generator_makes(home: Path) -> None:
    demo()
    opened = engine(JobSettings().source_database)
    assert not city.is_empty(opened)
    opened.dispose()
    made = json.loads((home / "demo.json").read_text())
    assert made == {
        "seed": 20_260_401,
        "calls": 30,
        "years": 0.02,
        "end": "2026-11-20T19:30:00.000Z",
        "rows": made["rows"],
    }
