"""The routes of refresh runs for the OpenAPI document: addresses, answers and their schema.

Pure. Called by api.routes.openapi.
"""

from __future__ import annotations

from api.routes.openapi_parts import TEXT, Json, headers, json_content
from api.routes.runs import PATH, STATES

INSTANT: Json = {"type": ["string", "null"], "format": "date-time"}
WORD: Json = {"type": ["string", "null"]}
ID: Json = {"type": "string", "maxLength": 32}
_RUN: Json = {
    "run_id": ID,
    "state": {
        "type": "string",
        "enum": list(STATES),
        "description": " ".join(f"{state}: {says}" for state, says in STATES.items()),
    },
    "trigger": {**WORD, "description": "cli, schedule, api or demo."},
    "requested_at": INSTANT,
    "requested_by": {**WORD, "description": "Id of the key that asked."},
    "cancel_requested_at": INSTANT,
    "started_at": INSTANT,
    "ended_at": INSTANT,
    "as_of": INSTANT,
    "snapshot_version": WORD,
    "error_code": {**WORD, "description": "Stable; each has an exit code of its own."},
    "message": {**WORD, "description": "One line for people; no row values."},
}
_STEP: Json = {
    "name": TEXT,
    "outcome": {"type": "string", "enum": ["running", "done", "failed"]},
    "started_at": INSTANT,
    "ended_at": INSTANT,
    "rows": {"type": ["integer", "null"]},
}


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}


RUN_SCHEMAS: Json = {
    "RefreshRun": _object(_RUN),
    "RefreshRunStatus": _object(_RUN | {"steps": {"type": "array", "items": _object(_STEP)}}),
}
_ERRORS = ("400", "401", "403", "414", "429", "500", "503")


def _status() -> Json:
    return json_content({"$ref": "#/components/schemas/RefreshRunStatus"})


def _operation(name: str, summary: str, answers: Json, *problems: str) -> Json:
    failed = {status: {"$ref": f"#/components/responses/Problem{status}"} for status in sorted((*_ERRORS, *problems))}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["service"],
        "parameters": [],
        "responses": answers | failed,
    }


def paths_of_runs() -> Json:
    """Path -> path item."""
    runs = json_content({"type": "array", "items": {"$ref": "#/components/schemas/RefreshRun"}})
    accepted: Json = {
        "description": "In the queue, or found there: whoever asks while one waits gets that one.",
        "headers": headers("Location", "Retry-After"),
        "content": _status(),
    }
    stopping: Json = {"description": "It stops before its next step.", "content": _status()}
    found: Json = {"description": "How it goes.", "content": _status()}
    over: Json = {"description": "It is over: cancelled, or ended before.", "content": _status()}
    listed: Json = {"description": "What waits, then the last runs, the newest first.", "content": runs}
    one = {"name": "run_id", "in": "path", "required": True, "description": "Id of a run or request.", "schema": ID}
    return {
        PATH: {
            "get": _operation("refresh_runs", "How the last refreshes went.", {"200": listed}),
            "post": _operation("request_refresh", "Ask for a refresh; a worker runs it.", {"202": accepted}),
        },
        f"{PATH}/{{run_id}}": {
            "parameters": [one],
            "get": _operation("refresh_run", "How one refresh goes, step by step.", {"200": found}, "404"),
            "delete": _operation(
                "cancel_refresh", "Ask that a refresh does not go on.", {"200": over, "202": stopping}, "404"
            ),
        },
    }
