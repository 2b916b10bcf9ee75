"""Who holds a key: all refusals alike, revocation within seconds, and what happens while the database is away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from api.auth.credentials import Credential
from api.auth.keyring import FRESH_SECONDS, GRACE_SECONDS, RETRY_SECONDS, Keyring
from api.observe import KeysUnreadable, Observation
from api.odata.exchange import Caller
from jobs.migrate import upgrade_service
from models import clock
from models.database import engine
from models.errors import Unauthenticated, Unavailable
from models.service import KeyScope, keys

PEPPER = bytes(range(32))


class Clock:
    """Seconds that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(home: Path) -> Engine:
    upgrade_service(f"sqlite:///{home / 'service.db'}")
    return engine(f"sqlite:///{home / 'service.db'}")


@pytest.fixture
def ticking() -> Clock:
    return Clock()


@pytest.fixture
def seen() -> list[Observation]:
    return []


@pytest.fixture
def ring(database: Engine, ticking: Clock, seen: list[Observation]) -> Keyring:
    return Keyring(database, PEPPER, seen.append, clock=ticking)


def stored(database: Engine, **more: object) -> keys.NewKey:
    made = keys.new_key("client", "lead", pepper=PEPPER, **more)  # type: ignore[arg-type]
    keys.store(database, made)
    return made


def sent(made: keys.NewKey) -> Credential:
    return Credential(made.key.key_id, made.secret)


def test_a_key_brings_its_role_purpose_and_scopes(database: Engine, ring: Keyring, ticking: Clock) -> None:
    made = stored(database, areas=["001", "nsa"], teams=["west"], purpose="dashboard")
    scopes = frozenset({"001", "nsa"}), frozenset({"west"})
    assert ring.caller(sent(made)) == Caller(made.key.key_id, "lead", "dashboard", *scopes)
    free = stored(database)
    ticking.now += RETRY_SECONDS
    assert ring.caller(sent(free)) == Caller(free.key.key_id, "lead", "operations", None, None)


def test_a_restriction_of_an_unknown_kind_closes_everything(database: Engine, ring: Keyring) -> None:
    made = keys.new_key("client", "lead", pepper=PEPPER)
    odd = KeyScope(key_id=made.key.key_id, kind="district", value="9")
    keys.store(database, keys.NewKey(made.key, (odd,), made.secret))
    caller = ring.caller(sent(made))
    assert (caller.areas, caller.teams) == (frozenset(), frozenset())


def test_unknown_wrong_expired_and_revoked_are_refused_in_the_same_words(database: Engine, ring: Keyring) -> None:
    good = stored(database)
    expired = stored(database, expires=clock.now() - timedelta(seconds=1))
    revoked = keys.new_key("other", "lead", pepper=PEPPER)
    keys.store(database, revoked)
    keys.revoke(database, revoked.key.key_id)
    refused = [
        Credential("cm_nosuchkey000", good.secret),
        Credential(good.key.key_id, expired.secret),
        Credential(good.key.key_id, ""),
        Credential(good.key.key_id, good.key.secret_hash),
        Credential("", ""),
        sent(expired),
        sent(revoked),
    ]
    answers = set()
    for credential in refused:
        with pytest.raises(Unauthenticated) as caught:
            ring.caller(credential)
        answers.add((caught.value.message, caught.value.hint))
    assert len(answers) == 1
    assert ring.caller(sent(good)).role == "lead"


def test_revocation_takes_effect_within_seconds_and_without_a_query_a_request(
    database: Engine, ring: Keyring, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    real = keys.listed
    monkeypatch.setattr("api.auth.keyring.keys.listed", lambda engine: (reads.append(1), real(engine))[1])
    made = stored(database)
    for _ in range(100):
        ring.caller(sent(made))
    assert len(reads) == 1
    keys.revoke(database, made.key.key_id)
    ticking.now += FRESH_SECONDS
    with pytest.raises(Unauthenticated):
        ring.caller(sent(made))
    assert len(reads) == 2


def test_a_new_key_works_at_once_but_guessing_ids_is_no_load(database: Engine, ring: Keyring, ticking: Clock) -> None:
    first = stored(database)
    ring.caller(sent(first))
    ticking.now += RETRY_SECONDS
    second = stored(database)
    assert not ring.is_fresh(sent(second))
    ring.caller(sent(second))
    queries = []
    ring._engine = queries  # type: ignore[assignment]  # any further read would fail
    for number in range(50):
        with pytest.raises(Unauthenticated):
            ring.caller(Credential(f"cm_{number:012d}", "x"))


def test_keys_read_before_go_on_for_a_while_when_the_database_is_away(
    database: Engine, ring: Keyring, ticking: Clock, seen: list[Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stored(database)
    ring.caller(sent(made))

    def away(engine: Engine) -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr("api.auth.keyring.keys.listed", away)
    ticking.now += GRACE_SECONDS
    assert ring.caller(sent(made)).role == "lead"
    assert seen == [KeysUnreadable("OperationalError")]
    ticking.now += RETRY_SECONDS
    with pytest.raises(Unavailable):
        ring.caller(sent(made))
