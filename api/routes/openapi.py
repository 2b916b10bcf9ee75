"""catalogue -> the OpenAPI 3.1 document of the data routes, for generators and the interface page.

Pure. `/odata/v1` is described by `openapi_odata`, words that many operations share by `openapi_parts`; the files of
/v1/views and the small routes are added here. Called by api.routes.pages.
"""

from __future__ import annotations

from api.exports import templates
from api.exports.formats import FORMATS
from api.routes.openapi_odata import ROWS, options_of, paths_of_odata
from api.routes.openapi_parts import (
    BODY_PROBLEMS,
    HEADERS,
    OPTIONS,
    PROBLEMS,
    SCHEMAS,
    Json,
    header,
    json_content,
    operation,
    option,
    problem,
    row_schema,
)
from api.routes.openapi_runs import RUN_SCHEMAS, paths_of_runs
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from powerbi.audience import AUDIENCES


def document(root: str, version: str) -> Json:
    """The document for clients that reach us under `root` (absolute, ends in `/`)."""
    paths = paths_of_odata("/odata/v1/")
    for view in CATALOGUE.views.values():
        for extension, media in FORMATS.items():
            paths[f"/v1/views/{view.name}.{extension}"] = {"get": _export(view, extension, media)}
    paths |= _templates()
    paths |= paths_of_runs()
    for path, says in (("/healthz", "The process lives."), ("/readyz", "Version and freshness; 503 without figures.")):
        paths[path] = {
            "get": {
                "operationId": path.strip("/"),
                "summary": says,
                "tags": ["service"],
                "security": [],
                "responses": {"200": {"description": says}},
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crisis Metrics",
            "version": version,
            "summary": "Daily critical-incident figures.",
            "description": (
                "Which views a key may read depends on its role; the others answer 404. Query options work with and "
                "without `$`, in any case; options of nobody are ignored."
            ),
        },
        "servers": [{"url": root.rstrip("/")}],
        "security": [{"basic": []}, {"bearer": []}, {"header": []}],
        "tags": [
            {"name": "service", "description": "The service itself."},
            *({"name": view.name, "description": f"{view.title}. {view.grain}"} for view in CATALOGUE.views.values()),
        ],
        "paths": paths,
        "components": _components(),
    }


def _templates() -> Json:
    """The Power BI templates, and the list of those for the key."""
    listed = json_content({"type": "object", "properties": {"files": {"type": "array", "items": {"type": "object"}}}})
    summary = "The Power BI templates for the key."
    paths: Json = {f"{templates.PREFIX}/": {"get": operation("templates", summary, listed)}}
    for audience in AUDIENCES.values():
        for extension, (media, says) in templates.KINDS.items():
            content = {media.split(";", maxsplit=1)[0]: {"schema": {"type": "string", "format": "binary"}}}
            name = f"{audience.model}.{extension}"
            made = operation(f"{audience.model}_{extension}", says, content, ("if_match", "if_none_match"))
            paths[f"{templates.PREFIX}/{audience.name}/{name}"] = {"get": made}
    return paths


def _components() -> Json:
    return {
        "securitySchemes": {
            "basic": {"type": "http", "scheme": "basic", "description": "User = key id, password = secret."},
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "KEY_ID.SECRET"},
            "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "KEY_ID.SECRET"},
        },
        "parameters": {key: option(given) for key, given in OPTIONS.items()},
        "headers": {name: header(says) for name, says in HEADERS.items()},
        "responses": {f"Problem{status}": problem(status) for status in (*PROBLEMS, *BODY_PROBLEMS)},
        "schemas": SCHEMAS | RUN_SCHEMAS | {view.entity: row_schema(view) for view in CATALOGUE.views.values()},
    }


def _export(view: View, extension: str, media: str) -> Json:
    schema: Json = {"type": "string", "format": "binary"}
    if extension == "json":
        schema = {"type": "array", "items": {"$ref": f"#/components/schemas/{view.entity}"}}
    content = {media.split(";", maxsplit=1)[0]: {"schema": schema}}
    summary = f"{view.title}, all rows as {extension}."
    options = options_of(view, (*ROWS, "aliases"), ("if_match", "if_none_match"))
    return operation(f"{view.name}_{extension}", summary, content, options, tag=view.name)
