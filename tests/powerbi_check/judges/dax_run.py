"""Evaluates measures in filter contexts, as several people see them: JSON in, JSON out.

Question: `document` (the model as one JSON document), `rows` (path of a file: table -> rows), `now`, `people` (name ->
sign-in name, or null where no role restricts, and how many days earlier it is), `members` (further rows of ScopeMembers) and `cases`: each a person, a
moment, a context and the names of measures. Answer: for each case the values, and how many rows of each table a person sees.
An error is {"error": ...}, so that it is never taken for BLANK.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

from dax_engine import Engine

ENGINES: list[Engine] = []
SEEN: dict[str, Any] = {}


def value(case: dict[str, Any]) -> list[Any]:
    """The values of one case."""
    return ENGINES[0].evaluate(case["measures"], case["filters"], SEEN[case["person"]], case["now"])


def main() -> None:
    """Read the question, answer it; the engine is one process a core, each with its own copy of the rows."""
    question = json.load(sys.stdin)
    rows = json.loads(Path(question["rows"]).read_text("utf-8"))
    rows["ScopeMembers"] += question["members"]
    engine = Engine(question["document"]["model"], rows)
    ENGINES.append(engine)
    for name, (user, earlier) in question["people"].items():
        SEEN[name] = engine.earlier(earlier) if earlier else engine.seen_by(user)
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        values = pool.map(value, question["cases"], chunksize=4)
    counts = {name: {table: len(held["rows"]) for table, held in seen.items()} for name, seen in SEEN.items()}
    json.dump({"values": values, "seen": counts}, sys.stdout)


if __name__ == "__main__":
    main()
