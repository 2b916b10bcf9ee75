"""Go on from the night that a dead run committed, or begin again at the source? Decided by rule, and said.

Going on spares the source a second reading and publishes although it may be away by now. It is right only while the
night is young and nothing but the way to its publishing failed. Pure. Called by jobs.refresh.run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.refresh.night import Night
from models.clock import local_day
from models.errors import CheckFailed, ContractBroken

YOUNG = timedelta(hours=3)
"""What the source said longer ago is read again."""
OF_THE_DATA = frozenset({CheckFailed.code, ContractBroken.code})
"""Failures that the rows themselves caused: the same rows would fail again."""


@dataclass(frozen=True)
class Before:
    """How the run before this one ended. `resumed`: it had gone on from a night itself."""

    state: str
    code: str | None
    resumed: bool


@dataclass(frozen=True)
class Course:
    """`night` to go on from, None = begin at the source. `why` is half a sentence, empty where nothing went wrong."""

    night: Night | None
    why: str


def course(night: Night | None, before: Before | None, moment: datetime, *, allowed: bool, published: bool) -> Course:
    """`night` is the newest of the history; `published` says whether its figures ever were, `moment` is now (aware).

    `allowed`: the one who asked is content with what the source said a short while ago.
    """
    if before is None or before.state != "failed":
        return Course(None, "")
    ended = f"the run before ended with {before.code}"
    begun = f"begun at the source: {ended}"
    if night is None or published:
        return Course(None, f"{begun} and left no night")
    age = moment - night.moment
    same_day = local_day(moment, night.zone) == local_day(night.moment, night.zone)
    against = (
        (not allowed, f"begun at the source, as asked: {ended}"),
        (before.code in OF_THE_DATA, f"{begun}, which the same rows would do again"),
        (before.resumed, f"{begun} although it had gone on from a night"),
        (not (timedelta(0) <= age <= YOUNG and same_day), f"{begun}, and its night is of {night.as_of}"),
    )
    why = next((words for applies, words in against if applies), None)
    if why is not None:
        return Course(None, why)
    return Course(night, f"gone on from the night of {night.as_of}: {ended}")
