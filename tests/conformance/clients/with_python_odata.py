"""Reads the service with python-odata, which makes classes of $metadata, and prints what it read by name of the check."""

import datetime
import json
import os
import sys

from odata import ODataService
from odata.exceptions import ODataError
from odata.property import PropertyBase
from requests.auth import HTTPBasicAuth

login = HTTPBasicAuth(os.environ["KEY_ID"], os.environ["KEY_SECRET"])
service = ODataService(os.environ["ODATA_ROOT"], auth=login, reflect_entities=True, quiet_progress=True)
Calls, Areas, Codes = (service.entities[name] for name in ("Calls", "Areas", "Codes"))
naive = datetime.datetime(2026, 3, 1, 12)  # noqa: DTZ001 a moment without offset is the point
aware = naive.replace(tzinfo=datetime.UTC)


def refused(query):
    """The status and the message of an answer that must be an error."""
    try:
        query.all()
    except ODataError as error:
        return str(error)
    return "no error"


def bare(rows):
    """Rows without annotations."""
    return [{name: value for name, value in row.items() if "@" not in name} for row in rows]


def moment(value):
    """A moment as JSON has it."""
    return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


urgent = service.query(Calls).filter(Calls.PriorityCode == "1")
busy = service.query(Calls).filter((Calls.UnitCount >= 2) | (Calls.PriorityCode == "2"))
first = service.query(Calls).order_by(Calls.CallId.asc()).first()
READS = {
    "entity sets": lambda: sorted(service.entities),
    "properties of Calls": lambda: sorted(
        name for name in dir(Calls) if isinstance(getattr(Calls, name), PropertyBase)
    ),
    "filter on a text": lambda: [call.CallId for call in urgent],
    "order, descending": lambda: [call.CallId for call in urgent.order_by(Calls.CallArrival.desc())],
    "limit and offset": lambda: [
        area.AreaName for area in service.query(Areas).order_by(Areas.AreaName.asc()).limit(7).offset(3)
    ],
    "or, on a number": lambda: [call.CallId for call in busy.order_by(Calls.CallId.asc())],
    "contains": lambda: [area.AreaId for area in service.query(Areas).filter(Areas.AreaName.contains("Park"))],
    "apostrophe": lambda: [code.Code for code in service.query(Codes).filter(Codes.Label == "O'Brien")],
    "null": lambda: [call.CallId for call in service.query(Calls).filter(Calls.IncidentId.is_null())],
    "moment with offset": lambda: [call.CallId for call in service.query(Calls).filter(Calls.CallArrival >= aware)],
    "moment without offset": lambda: refused(service.query(Calls).filter(Calls.CallArrival >= naive)),
    "select": lambda: list(service.query(Areas).select(Areas.AreaId, Areas.EquityClass)),
    "count": urgent.count,
    "all pages of a view": lambda: sum(1 for _ in service.query(service.entities["ResponsePercentiles"])),
    "typed values of a row": lambda: [first.CallId, moment(first.CallArrival), first.PoliceRequested, first.AreaId],
    "navigation": lambda: [call.Area.AreaName for call in urgent.limit(3)],
    "expand": lambda: [call.Area.AreaName for call in urgent.expand(Calls.Area).limit(5)],
    "filter through a navigation": lambda: [
        call.CallId for call in service.query(Calls).filter(Calls.Area.EquityClass == "NIA").filter(Calls.UnitCount > 1)
    ],
    "apply": lambda: bare(service.query(Calls).raw({"$apply": "groupby((PriorityCode),aggregate($count as Calls))"})),
}


def read(ask):
    """What a check read, or how it broke off."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 the other checks still have something to say
        return f"{type(error).__name__}: {error}"


json.dump({name: read(ask) for name, ask in READS.items()}, sys.stdout)
