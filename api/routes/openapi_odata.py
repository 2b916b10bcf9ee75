"""catalogue -> the paths of the OData service in the OpenAPI document: sets, entities by key, properties, raw values.

Pure; called by `openapi`. Which options an address understands stands in one table; which of them the engine offers
is read off `$metadata`'s own source, api.odata.description.capabilities.
"""

from __future__ import annotations

from api.odata.description import capabilities
from api.odata.protocol.batch import Form
from api.routes.openapi_parts import (
    BATCH_SCHEMAS,
    BODY_PROBLEMS,
    NOT_LIVE,
    READING,
    TYPES,
    Json,
    json_content,
    operation,
)
from models.catalogue import CATALOGUE
from models.catalogue.types import Edm, Navigation, View

SHAPING = ("select", "expand", "compute")
ROWS = ("apply", "filter", "search", "orderby", "top", "skip", *SHAPING)
SET = (*ROWS, "count", "skiptoken", "aliases", "prefer", "format")
COUNT = ("apply", "filter", "search", "aliases")
ENTITY = (*SHAPING, "aliases", "prefer", "format")
PROPERTY = ("aliases", "format")
VALUE = ("aliases",)
OF_VIEW = (*READING, "isolation")
DOCUMENT = ("format", *READING)
NULL = "The value is null."
TEXT_PLAIN: Json = {"text/plain": {"schema": {"type": "string"}}}


def paths_of_odata(prefix: str) -> Json:
    """Path -> path item, below `prefix` (ends in `/`)."""
    document = json_content({"type": "object"})
    described = {"application/xml": {"schema": {"type": "string"}}, **document}
    paths: Json = {
        prefix: {"get": operation("service_document", "The views that the key may read.", document, DOCUMENT)},
        f"{prefix}$batch": {"post": _batch()},
        f"{prefix}$metadata": {"get": operation("metadata", "Columns, types, abilities (CSDL).", described, DOCUMENT)},
    }
    for view in CATALOGUE.views.values():
        entity = f"{prefix}{view.name}({_key(view)})"
        key = [_key_parameter(view, name) for name in view.key]
        named = [*key, _property_parameter(view)]
        paths[f"{prefix}{view.name}"] = {"get": _set(view)}
        paths[f"{prefix}{view.name}/$count"] = {"get": _count(view)}
        paths[entity] = {"parameters": key, "get": _entity(view)}
        for navigation in view.navigations:
            paths[f"{entity}/{navigation.name}"] = {"parameters": key, "get": _related(view, navigation)}
        paths[f"{entity}/{{property}}"] = {"parameters": named, "get": _property(view)}
        paths[f"{entity}/{{property}}/$value"] = {"parameters": named, "get": _value(view)}
    return paths


def _batch() -> Json:
    """Many reads in one request: two formats, of the body and of the answer."""
    says = "A part of application/http for each request, or for each answer."
    parts: Json = {Form.MULTIPART.value: {"schema": {"type": "string", "description": says}}}
    sent, said = ({**parts, **json_content({"$ref": f"#/components/schemas/{name}"})} for name in BATCH_SCHEMAS)
    made = operation(
        "batch", "Many reads in one request.", said, ("format", "schemaversion", "max_version", "continue")
    )
    made["requestBody"] = {"required": True, "content": sent}
    made["responses"] |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in BODY_PROBLEMS}
    return made


def options_of(
    view: View, keys: tuple[str, ...], reading: tuple[str, ...] = (*READING, "isolation")
) -> tuple[str, ...]:
    """Those of `keys` that mean something for a view, and `reading`; live views have no ETag."""
    silent = set() if any(column.searchable for column in view.columns) else {"search"}
    silent |= set() if view.navigations else {"expand"}
    silent |= {key for key in keys if not capabilities.offered(f"${key}")}
    silent |= NOT_LIVE if view.live else set()
    return tuple(key for key in (*keys, *reading) if key not in silent)


def _set(view: View) -> Json:
    link = {"type": "string", "format": "uri"}
    answer = {
        "type": "object",
        "properties": {
            "@odata.context": link,
            "@odata.count": {"type": "integer"},
            "value": {"type": "array", "items": {"$ref": f"#/components/schemas/{view.entity}"}},
            "@odata.nextLink": link,
        },
    }
    summary = f"{view.title}. {view.grain}"
    return operation(view.name, summary, json_content(answer), options_of(view, SET), tag=view.name)


def _count(view: View) -> Json:
    number = {"text/plain": {"schema": {"type": "integer"}}}
    summary = f"Number of rows: {view.title}."
    return operation(f"{view.name}_count", summary, number, options_of(view, COUNT), tag=view.name)


def _entity(view: View) -> Json:
    row = json_content({"$ref": f"#/components/schemas/{view.entity}"})
    return operation(f"{view.name}_by_key", f"{view.title}: one row.", row, options_of(view, ENTITY), tag=view.name)


def _related(view: View, navigation: Navigation) -> Json:
    target = CATALOGUE.views[navigation.target]
    row = json_content({"$ref": f"#/components/schemas/{target.entity}"})
    name = f"{view.name}_{navigation.name}"
    summary = f"{navigation.name} of one row, and further: what follows a key follows it too."
    return operation(name, summary, row, options_of(target, ENTITY), tag=view.name, empty="There is none.")


def _property(view: View) -> Json:
    answer = json_content({"type": "object", "properties": {"value": {}}})
    options = options_of(view, PROPERTY)
    return operation(f"{view.name}_property", "One value of a row.", answer, options, tag=view.name, empty=NULL)


def _value(view: View) -> Json:
    options = options_of(view, VALUE)
    return operation(f"{view.name}_value", "One value, bare.", TEXT_PLAIN, options, tag=view.name, empty=NULL)


def _key(view: View) -> str:
    """The key predicate as a template: `'{AreaId}'`, `OperationalDate={OperationalDate},AreaId='{AreaId}'`."""
    parts = []
    for name in view.key:
        quote = "'" if view.column(name).edm is Edm.STRING else ""
        label = "" if len(view.key) == 1 else f"{name}="
        parts.append(f"{label}{quote}{{{name}}}{quote}")
    return ",".join(parts)


def _key_parameter(view: View, name: str) -> Json:
    column = view.column(name)
    schema = dict(TYPES[column.edm])
    doubled = ""
    if column.edm is Edm.STRING:
        schema["maxLength"] = column.max_length
        doubled = " A single quote inside is written twice."
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"{column.description}{doubled}",
        "schema": schema,
    }


def _property_parameter(view: View) -> Json:
    names = [column.name for column in view.columns]
    return {"name": "property", "in": "path", "required": True, "schema": {"type": "string", "enum": names}}
