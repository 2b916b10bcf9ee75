"""catalogue -> the OpenAPI 3.1 document of the data routes, for generators and the interface page.

Pure. Describes /odata/v1 and /v1/views view by view; the small routes are added by name. Called by api.routes.pages.
"""

from __future__ import annotations

from typing import Any

from api.exports.formats import FORMATS
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
SHARED_OPTIONS = ("filter", "select", "orderby", "top", "skip")
PARAMETERS: dict[str, Json] = {
    "filter": {"name": "$filter", "description": "Condition, for example AreaId eq '001'.", "type": "string"},
    "select": {"name": "$select", "description": "Columns, comma-separated.", "type": "string"},
    "orderby": {"name": "$orderby", "description": "Order, for example AreaId desc.", "type": "string"},
    "top": {"name": "$top", "description": "At most so many rows.", "type": "integer"},
    "skip": {"name": "$skip", "description": "Leave out so many rows first.", "type": "integer"},
    "count": {"name": "$count", "description": "Whether to count the whole answer.", "type": "boolean"},
    "skiptoken": {"name": "$skiptoken", "description": "From a next link; opaque.", "type": "string"},
}
PROBLEMS = {
    "400": "The query cannot be read or answered; the error says where.",
    "401": "No usable key.",
    "403": "A key over plain HTTP, or a route that the role may not use.",
    "404": "Unknown here, or not for this key.",
    "406": "No representation that the client takes.",
    "410": "The version that a next link names is no longer kept.",
    "414": "The URL is too long.",
    "429": "Too many requests of this key; see Retry-After.",
    "501": "Valid OData that this service does not offer.",
    "503": "Nothing published, too busy, or the audit trail cannot be written; see Retry-After.",
}


def document(root: str, version: str) -> Json:
    """The document for clients that reach us under `root` (absolute, ends in `/`)."""
    paths: Json = {
        "/odata/v1/": _get("Service document: the views that the key may read.", _json({"type": "object"})),
        "/odata/v1/$metadata": _get("Columns and types (CSDL).", {"application/xml": {"schema": {"type": "string"}}}),
    }
    for view in CATALOGUE.views.values():
        paths[f"/odata/v1/{view.name}"] = _feed(view)
        paths[f"/odata/v1/{view.name}/$count"] = _count(view)
        for extension, media in FORMATS.items():
            paths[f"/v1/views/{view.name}.{extension}"] = _export(view, extension, media)
    paths["/v1/refresh-runs"] = _get("How the last refreshes went.", _json({"type": "array"}))
    for path, says in (("/healthz", "The process lives."), ("/readyz", "Version and freshness; 503 without figures.")):
        paths[path] = {"get": {"summary": says, "security": [], "responses": {"200": {"description": says}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Crisis Metrics", "version": version, "summary": "Daily critical-incident figures."},
        "servers": [{"url": root.rstrip("/")}],
        "security": [{"basic": []}, {"bearer": []}, {"header": []}],
        "paths": paths,
        "components": _components(),
    }


def _components() -> Json:
    return {
        "securitySchemes": {
            "basic": {"type": "http", "scheme": "basic", "description": "User = key id, password = secret."},
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "KEY_ID.SECRET"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "KEY_ID.SECRET"},
        },
        "parameters": {key: _parameter(given) for key, given in PARAMETERS.items()},
        "responses": {
            f"Problem{status}": {"description": text, "content": _json({"$ref": "#/components/schemas/Error"})}
            for status, text in PROBLEMS.items()
        },
        "schemas": {"Error": ERROR, **{view.entity: _schema(view) for view in CATALOGUE.views.values()}},
    }


ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "Stable; see /docs."},
                "message": {"type": "string"},
                "target": {"type": "string", "description": "Query option or resource concerned."},
                "details": {
                    "type": "array",
                    "description": "Position (0-based character in target), Hint (next step), RequestId.",
                    "items": {
                        "type": "object",
                        "required": ["code", "message"],
                        "properties": {name: {"type": "string"} for name in ("code", "message", "target")},
                        "additionalProperties": False,
                    },
                },
            },
            "additionalProperties": False,
        }
    },
}


def _feed(view: View) -> Json:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{view.entity}"}}
    link = {"type": "string", "format": "uri"}
    answer = {
        "type": "object",
        "properties": {
            "@odata.context": link,
            "@odata.count": {"type": "integer"},
            "value": rows,
            "@odata.nextLink": link,
        },
    }
    return _get(f"{view.title}. {view.grain}", _json(answer), tuple(PARAMETERS), tag=view.name)


def _count(view: View) -> Json:
    number = {"text/plain": {"schema": {"type": "integer"}}}
    return _get(f"Number of rows: {view.title}.", number, ("filter",), tag=view.name)


def _export(view: View, extension: str, media: str) -> Json:
    schema: Json = {"type": "string", "format": "binary"}
    if extension == "json":
        schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{view.entity}"}}
    content = {media.split(";", maxsplit=1)[0]: {"schema": schema}}
    return _get(f"{view.title}, all rows as {extension}.", content, SHARED_OPTIONS, tag=view.name)


def _get(summary: str, content: Json, parameters: tuple[str, ...] = (), tag: str = "service") -> Json:
    responses: Json = {"200": {"description": "The answer.", "content": content}}
    responses |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in PROBLEMS}
    return {
        "get": {
            "summary": summary,
            "tags": [tag],
            "parameters": [{"$ref": f"#/components/parameters/{key}"} for key in parameters],
            "responses": responses,
        }
    }


def _parameter(given: Json) -> Json:
    return {
        "name": given["name"],
        "in": "query",
        "required": False,
        "description": given["description"],
        "schema": {"type": given["type"]},
    }


def _schema(view: View) -> Json:
    return {
        "type": "object",
        "title": view.title,
        "description": view.grain,
        "required": [column.name for column in view.columns],
        "properties": {column.name: _column(column) for column in view.columns},
    }


def _column(column: Column) -> Json:
    kind = dict(TYPES[column.edm])
    if column.nullable:
        kind["type"] = [kind["type"], "null"]
    if column.max_length:
        kind["maxLength"] = column.max_length
    if column.codes:
        kind["examples"] = [code.code for code in CATALOGUE.codes[column.codes].codes][:3]
    unit = f" Unit: {column.unit}." if column.unit else ""
    return {**kind, "description": f"{column.description}{unit}"}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}
