"""Who is met: pseudonymous people, some of them again and again, and what they consented to.

A person is a number; everything about them follows from seed and number, so that no list of people is kept.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.source.demo.chance import Chance, Shares, seeded
from jobs.source.demo.ledger import Ledger

REPEAT_SHARE = 0.3
SCRAMBLE = 0x9E3779B97F4A7C15
"""Odd, so that multiplying by it modulo a power of two gives every number a key of its own."""

KEY_BITS = 52
"""Keys stay exact in clients that read whole numbers as doubles."""

YEARS = Shares.of([("before 1950", 6), ("1950-1964", 14), ("1965-1979", 22), ("1980-1994", 31), ("1995 or later", 27)])
GENDERS = Shares.of([("woman", 44), ("man", 46), ("another", 4), ("not asked", 6)])
COLLECTED = Shares.of([("self_described", 58), ("staff_observed", 30), ("unknown", 12)])
STATES = {
    "follow_up": Shares.of([("given", 68), ("refused", 14), ("not_asked", 18)]),
    "evaluation": Shares.of([("given", 47), ("refused", 18), ("not_asked", 35)]),
    "aggregate_reporting": Shares.of([("given", 74), ("refused", 6), ("not_asked", 20)]),
}
WITHDRAWN_SHARE = 0.02


@dataclass(frozen=True)
class Person:
    """Somebody met. `follow_up` is the state given at the first contact."""

    key: int
    follow_up: str


class People:
    """Deals people to contacts: new ones, and ones whose first contact is days past."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._met = 0
        self._known: deque[int] = deque([0, 0, 0], maxlen=3)

    def begin_day(self) -> None:
        """People first met two days ago or earlier may come back from now on."""
        self._known.append(self._met)

    def meet(self, at: datetime, ledger: Ledger, chance: Chance) -> Person:
        """Somebody; with rows for the person and the consents where it is the first time."""
        known = self._known[0]
        if known and chance.yes(REPEAT_SHARE):
            # the square draws towards low numbers: a few people come back often
            return self._person(int(known * chance.random() ** 2), chance=None)
        number, self._met = self._met, self._met + 1
        own = seeded(self._seed, "person", number)
        person = self._person(number, chance=own)
        ledger.emit(
            "person",
            at,
            {
                "person_key": person.key,
                "year_band": YEARS.pick(own),
                "gender_code": GENDERS.pick(own),
                "collected_as": COLLECTED.pick(own),
                "first_seen_at": at,
            },
            own,
        )
        self._consents(person, at, ledger, own)
        return person

    def _person(self, number: int, chance: Chance | None) -> Person:
        own = chance or seeded(self._seed, "person", number)
        key = ((number + 1) * SCRAMBLE + self._seed) % (1 << KEY_BITS)
        return Person(key, STATES["follow_up"].pick(own))

    def _consents(self, person: Person, at: datetime, ledger: Ledger, own: Chance) -> None:
        for purpose, states in STATES.items():
            state = person.follow_up if purpose == "follow_up" else states.pick(own)
            entry = {"person_key": person.key, "purpose": purpose, "state": state, "given_at": at}
            ledger.emit("consent", at, entry | {"consent_id": ledger.number("consent")}, own)
            if state == "given" and own.yes(WITHDRAWN_SHARE):
                end = at + timedelta(days=1) + own.seconds(20 * 86_400, 0.9)
                taken_back = entry | {"state": "withdrawn", "given_at": end, "withdrawn_at": end}
                ledger.emit("consent", end, taken_back | {"consent_id": ledger.number("consent")}, own)
