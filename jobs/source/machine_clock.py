"""The clock of this machine, the latest night and the source's own newest change -> whether the clock can be believed.

A run dates what it publishes by this clock. One that stands before the latest night was set back; one that left the
source's changes weeks behind since the latest night was set ahead, or the source is a copy that nobody renews. Pure.
Called by jobs.refresh.steps.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from jobs.verdict import passed, verdict
from models.snapshot.manifest import CheckResult

BACK = timedelta(minutes=5)
"""So far a clock is corrected without anybody's fault."""
AHEAD = timedelta(days=35)
"""A jump of fewer days shows in the calls that are missing; a source that sleeps for so long is doubted anyway."""


def runs_on(
    as_of: datetime, last: datetime | None, changed: datetime | None, changed_then: datetime | None
) -> CheckResult:
    """The check. `last` is the latest night's as-of, `changed` the source's newest change now and then; aware UTC."""
    if last is None:
        return passed("clock_runs_on", "this is the first night")
    if last - as_of > BACK:
        return verdict("clock_runs_on", f"this machine's clock stands {_words(last - as_of)} before the latest night")
    if changed is None or changed_then is None:
        return passed("clock_runs_on")
    late = (as_of - last) - max(changed - changed_then, timedelta(0))
    fault = f"this machine's clock went {_words(late)} further than the source's changes since the latest night"
    return verdict("clock_runs_on", fault if late > AHEAD else "")


def _words(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{span.total_seconds() / 3600:.1f} hours"
