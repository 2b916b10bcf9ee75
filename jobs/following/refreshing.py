"""One semantic model: asked to refresh, waited for, and how that ended, in one word and a code.

| word        | what happened                                                          |
| ----------- | ---------------------------------------------------------------------- |
| done        | the service says that it completed                                     |
| failed      | the service says that it failed, was cancelled or is switched off      |
| timeout     | still running at the limit; the service goes on without us             |
| busy        | 409 to the limit: another refresh did not end                          |
| throttled   | 429 and a wait beyond the limit                                        |
| dropped     | accepted, and never seen afterwards, twice                             |
| refused     | 4xx at the sign-in or the request                                      |
| unreachable | no answer, or 5xx, again and again                                     |
| stopped     | this process was told to end                                           |

Called by jobs.following.run_end and `crisis powerbi refresh`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from jobs.following.configured import Place
from jobs.following.patience import Patience
from jobs.following.service import CODE, Answer, Refused, Service
from models.clock import wall
from powerbi.audience import AUDIENCES

POLL = 15.0
BUSY = 30.0
AGAIN = 20.0
THROTTLED = 60.0
APPEARS = 180.0
"""An accepted refresh that nobody has seen after so many seconds was dropped."""
ASKED = 2
TRIES = 4
RECORDS = "records"
"""Group of the views whose tables have a refresh policy."""
NO_ANSWER = 599
"""Stands for the status where nothing answered."""
RUNNING = frozenset({"unknown", "inprogress", "notstarted"})
EVICTED = "0xC11C0020"
"""The model was put out of memory: asking again helps."""
LONGEST = 86_340.0
"""Seconds: the service takes less than a day as its own limit."""


Entry = Callable[[Answer], dict[str, Any] | None]
"""An answer -> what it says of our refresh, None where that is not in it."""


@dataclass(frozen=True)
class Ending:
    """`outcome` is a word of the table above; `again`: asking once more may help."""

    outcome: str
    detail: str
    again: bool = False


@dataclass(frozen=True)
class Wanted:
    """`day` is the city's operational day; `whole`: past days were revised, so record tables are read whole."""

    audience: str
    model: Place
    day: date
    whole: bool


def refresh_model(service: Service, wanted: Wanted, patience: Patience) -> Ending:
    """Refresh one model: enhanced where the capacity takes it, plain otherwise; how it ended. Raises nothing known."""
    if patience.told():
        return _over(patience, "stopped", "")
    try:
        mode = service.settings.mode
        enhanced = mode == "enhanced" or (mode == "auto" and _is_dedicated(service, wanted.model, patience))
        ending = _all(service, wanted, patience, enhanced=enhanced)
        if mode == "auto" and enhanced and ending.outcome == "refused" and ending.detail[:3] in ("400", "403"):
            return _all(service, wanted, patience, enhanced=False)
        return ending
    except Refused as error:
        return Ending("refused", error.code)
    except httpx.HTTPError as error:
        return Ending("unreachable", type(error).__name__)


def bodies(wanted: Wanted, seconds: float, *, enhanced: bool) -> tuple[dict[str, Any], ...]:
    """What is asked for, one after the other.

    effectiveDate is the city's day: the service would take that of UTC, which is another one for hours each night.
    Partitions that the policy no longer reads anew are read by a second request without the policy.
    """
    if not enhanced:
        return ({},)
    limit = int(min(seconds, LONGEST))
    clock = f"{limit // 3600:02d}:{limit // 60 % 60:02d}:{limit % 60:02d}"
    common = {"type": "full", "commitMode": "transactional", "retryCount": 1, "timeout": clock}
    first = {**common, "applyRefreshPolicy": True, "effectiveDate": wanted.day.isoformat()}
    tables = [{"table": view.name} for view in AUDIENCES[wanted.audience].views() if view.group == RECORDS]
    if not (wanted.whole and tables):
        return (first,)
    return (first, {**common, "applyRefreshPolicy": False, "objects": tables})


def _is_dedicated(service: Service, model: Place, patience: Patience) -> bool:
    """What the workspace says of its capacity; asked again where nothing answers. Raises httpx.HTTPError."""
    for _ in range(TRIES - 1):
        try:
            return service.is_dedicated(model)
        except httpx.TransportError:
            if not patience.wait(AGAIN):
                break
    return service.is_dedicated(model)


def _all(service: Service, wanted: Wanted, patience: Patience, *, enhanced: bool) -> Ending:
    kind = "enhanced" if enhanced else "plain"
    ending = Ending("done", kind)
    for body in bodies(wanted, patience.seconds, enhanced=enhanced):
        for _ in range(ASKED):
            ending = _one(service, wanted.model, body, patience)
            if not ending.again:
                break
        if ending.outcome != "done":
            return ending
    return Ending("done", kind + (", record tables as a whole" if wanted.whole and enhanced else ""))


def _one(service: Service, model: Place, body: Mapping[str, Any], patience: Patience) -> Ending:
    accepted = _accepted(service, model, body, patience)
    if isinstance(accepted, Ending):
        return accepted
    refresh_id = accepted.fields.get("location", "").rstrip("/").rpartition("/")[2] if body else ""
    request_id = accepted.fields.get("x-ms-request-id") or accepted.fields.get("requestid", "")
    if refresh_id:
        return _outcome(lambda: service.look(model, refresh_id), lambda answer: answer.body, patience)
    return _outcome(lambda: service.history(model), lambda answer: _entry(answer, request_id), patience)


def _accepted(service: Service, model: Place, body: Mapping[str, Any], patience: Patience) -> Answer | Ending:
    """The 202, or how it ended without one."""
    silent = 0
    while True:
        try:
            answer = service.ask(model, body)
        except httpx.TransportError as error:
            answer = Answer(NO_ANSWER, {}, {"error": type(error).__name__})
        code = answer.code.removeprefix(f"{NO_ANSWER} ")
        if answer.status == 202:
            return answer
        if answer.status >= 500:
            silent += 1
            if silent == TRIES or not patience.wait(AGAIN):
                return _over(patience, "unreachable", code)
        elif answer.status == 409:
            if not patience.wait(BUSY):
                return _over(patience, "busy", code)
        elif answer.status == 429:
            seconds = retry_after(answer)
            if seconds > patience.left or not patience.wait(seconds):
                return _over(patience, "throttled", f"{code}, to be asked again in {seconds:.0f} s")
        else:
            return Ending("refused", code)


def _outcome(look: Callable[[], Answer], entry: Entry, patience: Patience) -> Ending:
    """Look until it has ended, or the patience has."""
    began = patience.clock()
    seen = False
    while True:
        pause = POLL
        try:
            answer = look()
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status == 429:
            pause = retry_after(answer)
        elif answer is not None and answer.status in (200, 202):
            found = entry(answer)
            seen = seen or found is not None
            state = str((found or {}).get("status", "Unknown"))
            if found is not None and answer.status == 200 and state.lower() not in RUNNING:
                return _ended(state, found)
        if not seen and answer is not None and answer.status in (200, 404) and patience.clock() - began >= APPEARS:
            return Ending("dropped", "accepted, and not seen afterwards", again=True)
        if not patience.wait(pause):
            return _over(patience, "timeout", f"still running after {(patience.clock() - began) / 60:.0f} min")


def _ended(state: str, found: Mapping[str, Any]) -> Ending:
    if state.lower() == "completed":
        return Ending("done", state)
    code = _error_code(found)
    return Ending("failed", f"{state} {code}".strip(), again=code == EVICTED)


def _error_code(found: Mapping[str, Any]) -> str:
    """The code of a failure; never its text, which may hold values of data."""
    messages = [*found.get("messages", ()), *(each for each in found.get("objects", ()) if isinstance(each, dict))]
    codes = [each.get("code") for each in messages if isinstance(each, dict)]
    try:
        codes.append(json.loads(found.get("serviceExceptionJson") or "{}").get("errorCode"))
    except (ValueError, AttributeError, TypeError):
        codes.append(None)
    return next((code for code in codes if isinstance(code, str) and CODE.match(code)), "")


def _entry(answer: Answer, request_id: str) -> dict[str, Any] | None:
    """The request's line in the list of refreshes; None where it is not there."""
    listed = answer.body.get("value")
    entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return next((each for each in entries if request_id and each.get("requestId") == request_id), None)


def _over(patience: Patience, outcome: str, detail: str) -> Ending:
    return Ending("stopped", "this process was told to end") if patience.told() else Ending(outcome, detail)


def retry_after(answer: Answer, now: datetime | None = None) -> float:
    """Seconds of a Retry-After, which is a number or a date; a minute where it is neither."""
    text = answer.fields.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,6}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return THROTTLED
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or wall())).total_seconds())
