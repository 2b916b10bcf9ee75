"""Keys: made, stored as hashes, verified, rotated with an overlap, revoked; and the command line around them."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from jobs.commands import keys as keys_command
from jobs.migrate import upgrade_service
from models import clock
from models.catalogue import CATALOGUE
from models.database import engine
from models.errors import ConfigurationError
from models.secret_files import secret
from models.service import keys, ready

PEPPER = bytes(range(32))
COMMANDS = typer.Typer()
keys_command.register(COMMANDS)
COMMANDS.callback()(lambda: None)  # `keys` stays a word of its own, as under `crisis`


@pytest.fixture
def database(home: Path) -> Engine:
    """A migrated service database of its own."""
    address = f"sqlite:///{home / 'service.db'}"
    upgrade_service(address)
    return engine(address)


def made(client: str = "Power BI", role: str = "viewer", **more: object) -> keys.NewKey:
    return keys.new_key(client, role, pepper=PEPPER, **more)  # type: ignore[arg-type]


def test_the_secret_is_256_random_bits_and_is_stored_as_a_hash_only(database: Engine) -> None:
    one, other = made(), made()
    keys.store(database, one)
    assert one.secret != other.secret
    assert keys.SECRET_FORM.fullmatch(one.secret)
    assert len(one.secret) == len("cms_") + 43  # 32 bytes, base64
    with database.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM api_key")).all())
    assert one.secret not in stored
    assert one.secret not in repr(one)
    assert one.key.secret_hash in stored
    assert len(one.key.secret_hash) == 64


@given(secret=st.text(max_size=60), other=st.text(max_size=60))
def test_only_the_same_secret_matches(secret: str, other: str) -> None:
    stored = keys.stored_hash(secret, PEPPER)
    assert keys.matches(secret, stored, PEPPER)
    assert keys.matches(other, stored, PEPPER) == (secret == other)
    assert not keys.matches(secret, stored, bytes(32))


def test_at_most_two_keys_of_a_client_and_role_are_valid(database: Engine) -> None:
    first, second = made(), made()
    keys.store(database, first)
    keys.store(database, second)
    with pytest.raises(ConfigurationError, match="2 valid keys"):
        keys.store(database, made())
    keys.store(database, made(role="analyst"))  # another role is another pair
    keys.revoke(database, first.key.key_id)
    keys.store(database, made())


def test_rotation_gives_a_second_key_with_the_same_rights_and_ends_the_first(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRISIS_NOW", "2026-02-01T00:00:00Z")
    old = made(areas=["001", "002"], teams=["west"], purpose="dashboard")
    keys.store(database, old)
    new = keys.rotate(database, old.key.key_id, pepper=PEPPER)
    rows = {key.key_id: (key, scopes) for key, scopes in keys.listed(database)}
    key, scopes = rows[new.key.key_id]
    assert (key.client, key.role, key.purpose) == ("Power BI", "viewer", "dashboard")
    assert [(scope.kind, scope.value) for scope in scopes] == [("area", "001"), ("area", "002"), ("team", "west")]
    before = rows[old.key.key_id][0]
    assert keys.is_valid(before, clock.parse_instant("2026-02-07T23:59:59Z"))
    assert not keys.is_valid(before, clock.parse_instant("2026-02-08T00:00:00Z"))
    with pytest.raises(ConfigurationError, match="2 valid keys"):
        keys.rotate(database, new.key.key_id, pepper=PEPPER)


def test_rotation_keeps_the_lifetime_and_never_prolongs_the_old_key(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRISIS_NOW", "2026-02-01T00:00:00Z")
    old = made(expires=clock.now() + timedelta(days=3))
    keys.store(database, old)
    new = keys.rotate(database, old.key.key_id, pepper=PEPPER)
    ends = {key.key_id: key.expires_at for key, _ in keys.listed(database)}
    assert str(ends[old.key.key_id]) == "2026-02-04 00:00:00"
    assert str(ends[new.key.key_id]) == "2026-02-04 00:00:00"


def test_a_revoked_or_expired_key_cannot_be_rotated(database: Engine) -> None:
    gone = made()
    keys.store(database, gone)
    keys.revoke(database, gone.key.key_id)
    keys.revoke(database, gone.key.key_id)  # a second time changes nothing
    late = made(expires=clock.now() - timedelta(seconds=1))
    keys.store(database, late)
    for key in (gone, late):
        with pytest.raises(ConfigurationError, match="revoked or expired"):
            keys.rotate(database, key.key.key_id, pepper=PEPPER)
    with pytest.raises(ConfigurationError, match="no key"):
        keys.revoke(database, "cm_nosuchkey000")


def test_the_pepper_is_made_once_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = secret(tmp_path / "home", "pepper", None)
    assert secret(tmp_path / "home", "pepper", None) == first
    assert len(first) == 32
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "home" / "pepper").stat().st_mode) == 0o600
    assert secret(tmp_path, "pepper", SecretStr("ab" * 32)) == b"\xab" * 32
    (tmp_path / "pepper").write_text("not hexadecimal")
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        secret(tmp_path, "pepper", None)


def run(*arguments: str) -> str:
    """The output of a `crisis` command that must succeed."""
    result = CliRunner().invoke(COMMANDS, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_shows_a_secret_once_and_never_again(database: Engine) -> None:
    added = json.loads(run("keys", "add", "--role", "lead", "--client", "West", "--area", "001", "--json"))
    assert keys.SECRET_FORM.fullmatch(added["secret"])
    assert added["areas"] == ["001"]
    rotated = json.loads(run("keys", "rotate", added["key_id"], "--overlap-days", "1", "--json"))
    listed = run("keys", "list", "--all", "--json")
    assert [key["key_id"] for key in json.loads(listed)] == [added["key_id"], rotated["key_id"]]
    run("keys", "revoke", added["key_id"])
    assert [key["key_id"] for key in json.loads(run("keys", "list", "--json"))] == [rotated["key_id"]]
    for shown in (added["secret"], rotated["secret"]):
        assert shown not in listed + run("keys", "list", "--all")


def test_an_unknown_role_is_answered_with_the_roles(database: Engine) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CliRunner().invoke(COMMANDS, ["keys", "add", "--role", "police", "--client", "x"], catch_exceptions=False)
    assert all(role in (caught.value.hint or "") for role in CATALOGUE.roles)


def test_a_database_that_was_never_migrated_is_said_so(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="lacks the table") as caught:
        ready.require(engine(f"sqlite:///{home / 'service.db'}"))
    assert "crisis migrate" in (caught.value.hint or "")
