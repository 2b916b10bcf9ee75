"""Reads downloads and OData pages into pandas frames and prints sums and sizes by name of the check."""

import base64
import json
import os
import sys
import urllib.request

import pandas as pd

views = f"{os.environ['SERVICE_ROOT']}/v1/views"
login = base64.b64encode(f"{os.environ['KEY_ID']}:{os.environ['KEY_SECRET']}".encode()).decode()
headers = {"Authorization": f"Basic {login}"}
TEXTS = {
    "dtype": {"AreaId": str, "PriorityCode": str, "CallSourceCode": str},
    "keep_default_na": False,
    "na_values": [""],
}


def csv(address):
    """A download as CSV."""
    return pd.read_csv(f"{views}/{address}", storage_options=headers, **TEXTS)


def pages(address):
    """All pages of an OData query, one frame."""
    frames, link = [], f"{os.environ['ODATA_ROOT']}{address}"
    while link:
        with urllib.request.urlopen(urllib.request.Request(link, headers=headers)) as answer:  # noqa: S310 our own root
            page = json.load(answer)
        frames.append(pd.DataFrame(page["value"]))
        link = page.get("@odata.nextLink")
    return pd.concat(frames, ignore_index=True), len(frames)


def by_priority(frame):
    """Calls by priority."""
    return {name: int(value) for name, value in frame.groupby("PriorityCode").CallCount.sum().items()}


daily = csv("DailyCalls.csv")
same = pd.read_json(f"{views}/DailyCalls.json", storage_options=headers, dtype={"PriorityCode": str, "AreaId": str})
parquet = pd.read_parquet(f"{views}/DailyCalls.parquet", storage_options=headers)
calls = pd.read_parquet(f"{views}/Calls.parquet", storage_options=headers)
percentiles, how_many = pages("ResponsePercentiles")
hours = csv("HourlyActivity.csv")
some = csv("DailyCalls.csv?$filter=PriorityCode%20eq%20'1'&$select=OperationalDate,AreaId,PriorityCode,CallCount")
answers = {
    "read_csv: calls by priority": by_priority(daily),
    "read_json: calls by priority": by_priority(same),
    "read_parquet: calls by priority": by_priority(parquet),
    "pages: calls by priority": by_priority(pages("DailyCalls")[0]),
    "read_csv: rows and columns": [len(daily), list(daily.columns)],
    "read_parquet: rows and columns": [len(parquet), list(parquet.columns)],
    "pages: rows, more than one page": [len(percentiles), how_many > 1],
    "read_csv: filtered and selected": [int(some.CallCount.sum()), list(some.columns)],
    "read_csv: decimals": [float(hours.MeanPerHour.sum().round(4)), int(hours.EventCount.sum())],
    "read_parquet: moments are moments": [str(calls.CallArrival.min().value), str(calls.CallArrival.max().value)],
    "read_parquet: nulls": int(calls.QueueMs.isna().sum()),
    "read_parquet: sum of waits": int(calls.QueueMs.sum()),
    "pages: empty texts and nulls": int(pages("Calls?$select=IncidentId")[0].IncidentId.isna().sum()),
    "pages: the newest hundred": list(pages("Calls?$orderby=CallArrival%20desc&$top=100&$select=CallId")[0].CallId),
}
json.dump(answers, sys.stdout)
