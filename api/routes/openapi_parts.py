"""Words that many operations of the OpenAPI document share: query options, headers, errors, schemas of rows.

Pure; called by `openapi` and `openapi_odata`. Declarative where it can be: an option is one entry of OPTIONS.
"""

from __future__ import annotations

from typing import Any

from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Edm, View

Json = dict[str, Any]

TYPES: dict[Edm, Json] = {
    Edm.STRING: {"type": "string"},
    Edm.BOOLEAN: {"type": "boolean"},
    Edm.INT32: {"type": "integer", "format": "int32"},
    Edm.INT64: {"type": "integer", "format": "int64"},
    Edm.DECIMAL: {"type": "number", "format": "decimal"},
    Edm.DOUBLE: {"type": "number", "format": "double"},
    Edm.DATE: {"type": "string", "format": "date"},
    Edm.INSTANT: {"type": "string", "format": "date-time"},
}
TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer", "minimum": 0}
OPTIONS: dict[str, tuple[str, str, str, Json]] = {
    "filter": ("$filter", "query", "Condition: AreaId eq '001', or with a parameter alias: AreaId eq @a.", TEXT),
    "select": ("$select", "query", "Columns, comma-separated; key columns come along.", TEXT),
    "orderby": ("$orderby", "query", "Order: AreaId desc,CallCount.", TEXT),
    "top": ("$top", "query", "At most so many rows.", NUMBER),
    "skip": ("$skip", "query", "Leave out so many rows first.", NUMBER),
    "count": ("$count", "query", "Whether to count the whole answer, beyond the page.", {"type": "boolean"}),
    "apply": ("$apply", "query", "Aggregation: groupby((AreaId),aggregate(CallCount with sum as Calls)).", TEXT),
    "compute": ("$compute", "query", "Further values: AnswerMs div 1000 as Seconds; named in $select they show.", TEXT),
    "expand": ("$expand", "query", "Related rows inside each row: Area($select=AreaName).", TEXT),
    "search": ("$search", "query", 'Words in the searchable columns: north AND NOT "old town".', TEXT),
    "skiptoken": ("$skiptoken", "query", "From a next link; opaque.", TEXT),
    "format": ("$format", "query", "Stands in for Accept: json, or a media type.", TEXT),
    "schemaversion": ("$schemaversion", "query", "Version of the definitions that the client knows, or *.", TEXT),
    "aliases": (
        "aliases",
        "query",
        "Parameter aliases: @a='001' for the @a of another option.",
        {"type": "object", "patternProperties": {"^@[A-Za-z_][A-Za-z0-9_]*$": TEXT}, "additionalProperties": False},
    ),
    "prefer": ("Prefer", "header", "maxpagesize=1000, omit-values=nulls; both with or without odata. in front.", TEXT),
    "max_version": ("OData-MaxVersion", "header", "4.0 or 4.01: the newest version that the client reads.", TEXT),
    "continue": ("Prefer", "header", "continue-on-error: ask the requests behind one that failed, too.", TEXT),
    "isolation": ("Isolation", "header", "snapshot: what every answer has; nothing else is offered.", TEXT),
    "if_match": ("If-Match", "header", "ETag that the answer must have: 412 if it has another.", TEXT),
    "if_none_match": (
        "If-None-Match",
        "header",
        "ETag of the answer at hand: 304 when it is current.",
        TEXT,
    ),
}
"""Key in components -> name, where it stands, meaning, schema."""
READING = ("schemaversion", "max_version", "if_match", "if_none_match")
"""What every address below the service root understands."""
NOT_LIVE = frozenset({"isolation", "if_match", "if_none_match"})
"""What a live view has no use for: it has no snapshot and no ETag."""
HEADERS = {
    "OData-Version": "4.0, or 4.01 where OData-MaxVersion asked for it.",
    "ETag": "Version, access and representation of the answer; not on live views.",
    "Preference-Applied": "The preferences that were honoured.",
    "Location": "Address at which to ask how it goes.",
    "Retry-After": "Seconds after which trying again makes sense.",
    "WWW-Authenticate": "The ways to send a key.",
}
PROBLEMS = {
    "400": "The query cannot be read or answered; the error says where.",
    "401": "No usable key.",
    "403": "A key over plain HTTP, or a route that the role may not use.",
    "404": "Unknown here, or not for this key.",
    "405": "Only GET and HEAD; the views are read-only.",
    "406": "No representation that the client takes.",
    "410": "The version that a next link names is no longer kept.",
    "412": "If-Match names another answer, or Isolation asks for more than there is.",
    "414": "The URL is too long.",
    "429": "Too many requests of this key; see Retry-After.",
    "500": "Unforeseen; the request id leads to it in the log.",
    "501": "Valid OData that this service does not offer.",
    "503": "Nothing published, too busy, no worker, or the audit trail cannot be written; see Retry-After.",
}
BODY_PROBLEMS = {
    "408": "The body did not arrive in time.",
    "413": "The body is over its limit.",
    "415": "A body in a format that is not read here.",
}
"""Of addresses that take a body."""
_HEADER_OF = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}
_DETAIL: Json = {
    "type": "object",
    "required": ["code", "message"],
    "properties": dict.fromkeys(("code", "message", "target"), TEXT),
    "additionalProperties": False,
}
_HEADERS: Json = {"type": "object", "additionalProperties": TEXT}
BATCH_SCHEMAS: Json = {
    "Batch": {
        "type": "object",
        "required": ["requests"],
        "properties": {
            "requests": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "method", "url"],
                    "properties": {
                        "id": TEXT,
                        "method": {"type": "string", "enum": ["get", "GET", "head", "HEAD"]},
                        "url": {"type": "string", "description": "Relative to the service root: Areas?$top=2."},
                        "headers": _HEADERS,
                        "dependsOn": {"type": "array", "items": TEXT, "description": "Ids of requests before it."},
                    },
                },
            }
        },
    },
    "BatchAnswer": {
        "type": "object",
        "required": ["responses"],
        "properties": {
            "responses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {
                        "id": TEXT,
                        "status": {"type": "integer"},
                        "headers": _HEADERS,
                        "body": {"description": "JSON as it is; a text as a JSON text."},
                    },
                },
            }
        },
    },
}
"""What is sent, what is answered."""
SCHEMAS: Json = BATCH_SCHEMAS | {
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string", "description": "Stable; see /docs."},
                    "message": TEXT,
                    "target": {"type": "string", "description": "Query option or resource concerned."},
                    "details": {
                        "type": "array",
                        "description": "Position (0-based character in target), Hint (next step), RequestId.",
                        "items": _DETAIL,
                    },
                },
                "additionalProperties": False,
            }
        },
    }
}


def option(given: tuple[str, str, str, Json]) -> Json:
    """An entry of OPTIONS as a parameter."""
    name, place, says, schema = given
    made = {"name": name, "in": place, "required": False, "description": says, "schema": schema}
    return made | {"style": "form", "explode": True} if schema["type"] == "object" else made


def header(says: str) -> Json:
    """A response header."""
    return {"description": says, "schema": TEXT}


def problem(status: str) -> Json:
    """The response of an error status."""
    said = (PROBLEMS | BODY_PROBLEMS)[status]
    made: Json = {"description": said, "content": json_content({"$ref": "#/components/schemas/Error"})}
    if status in _HEADER_OF:
        made["headers"] = headers(_HEADER_OF[status])
    return made


def headers(*names: str) -> Json:
    """Response headers, by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def parameters(keys: tuple[str, ...]) -> list[Json]:
    """Entries of OPTIONS, by reference."""
    return [{"$ref": f"#/components/parameters/{key}"} for key in keys]


def operation(
    name: str,
    summary: str,
    content: Json,
    options: tuple[str, ...] = (),
    *,
    tag: str = "service",
    empty: str = "",
) -> Json:
    """A GET with every error that it may end in; `empty` says when it answers 204."""
    responses: Json = {
        "200": {
            "description": "The answer.",
            "headers": headers("OData-Version", "ETag", "Preference-Applied"),
            "content": content,
        }
    }
    if empty:
        responses["204"] = {"description": empty}
    if "if_none_match" in options:
        responses["304"] = {"description": "The client has this answer already."}
    responses |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in PROBLEMS}
    return {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "parameters": parameters(options),
        "responses": responses,
    }


def json_content(schema: Json) -> Json:
    """A JSON body."""
    return {"application/json": {"schema": schema}}


def row_schema(view: View) -> Json:
    """A row; none of its members is required: $select, $apply and omit-values leave members out."""
    related = {
        navigation.name: {
            "description": f"The row of {navigation.target}, where $expand asked for it; null where there is none.",
            "oneOf": [
                {"$ref": f"#/components/schemas/{CATALOGUE.views[navigation.target].entity}"},
                {"type": "null"},
            ],
        }
        for navigation in view.navigations
    }
    return {
        "type": "object",
        "title": view.title,
        "description": view.grain,
        "properties": {column.name: column_schema(column) for column in view.columns} | related,
    }


def column_schema(column: Column) -> Json:
    """The values of a column."""
    kind = dict(TYPES[column.edm])
    if column.minimum is not None:
        kind["minimum"] = column.minimum
    if column.nullable:
        kind["type"] = [kind["type"], "null"]
    if column.max_length:
        kind["maxLength"] = column.max_length
    if column.codes:
        kind["examples"] = [code.code for code in CATALOGUE.codes[column.codes].codes][:3]
    unit = f" Unit: {column.unit}." if column.unit else ""
    return {**kind, "description": f"{column.description}{unit}"}
