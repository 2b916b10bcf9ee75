"""Runs SQL statements over the service with sqlalchemy-odata and prints their rows: it fetches, SQLite computes.

In: a JSON array of statements on standard input; out: an array of arrays of rows, then the names of all tables.
"""

import datetime
import json
import os
import sys
from urllib.parse import quote, urlsplit

from sqlalchemy import create_engine, inspect, text


def written(value):
    """A value as JSON has it."""
    if isinstance(value, datetime.datetime):
        moment = value.astimezone(datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    return value


place = urlsplit(os.environ["ODATA_ROOT"])
login = f"{quote(os.environ['KEY_ID'])}:{quote(os.environ['KEY_SECRET'])}"
engine = create_engine(f"odata://{login}@{place.netloc}{place.path.rstrip('/')}")
with engine.connect() as connection:
    answers = []
    for statement in json.load(sys.stdin):
        rows = connection.execute(text(statement)).fetchall()
        answers.append([[written(value) for value in row] for row in rows])
json.dump({"answers": answers, "tables": inspect(engine).get_table_names()}, sys.stdout)
