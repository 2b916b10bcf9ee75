"""The OpenAPI document is whole, refers to nothing that is not there, and describes addresses that answer as it says.

A foreign validator and OASIS's converter judge it in the long form: `python -m tests.conformance.metadata`.
"""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from api.routes.openapi import document
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.errors import AccessError, RequestError, Unavailable, all_errors
from tests.helpers.asking import Desk

WHOLE = document("https://metrics.example/", "1.2.3")
VIEWS = CATALOGUE.views.values()


def operations() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(address, path item, operation)."""
    return [
        (path, item, item[method])
        for path, item in WHOLE["paths"].items()
        for method in ("get", "post", "delete")
        if method in item
    ]


def options(path: str) -> set[str]:
    """Names of what an address understands beside its path."""
    found = WHOLE["paths"][path]["get"]["parameters"]
    return {WHOLE["components"]["parameters"][item["$ref"].rpartition("/")[2]]["name"] for item in found}


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    named = set(re.findall(r'"#/([^"]+)"', json.dumps(WHOLE)))
    for reference in named:
        node = WHOLE
        for part in reference.split("/"):
            node = node[part]
    have = {f"components/{kind}/{name}" for kind, items in WHOLE["components"].items() for name in items}
    assert {left for left in have - named if "securitySchemes" not in left} <= set()


def test_every_operation_has_a_name_of_its_own_and_declares_its_path() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names)) > 290
    for path, item, operation in operations():
        declared = {parameter["name"] for parameter in item.get("parameters", ()) if parameter["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
        assert all(parameter["required"] for parameter in item.get("parameters", ()))
        assert operation["summary"]
        assert min(operation["responses"]) in ("200", "202")
        assert all("$ref" in answer or answer["description"] for answer in operation["responses"].values())


OPTIONS = """
address                                | understands
/odata/v1/                             | $format $schemaversion OData-MaxVersion If-Match If-None-Match
/odata/v1/$metadata                    | $format $schemaversion OData-MaxVersion If-Match If-None-Match
/odata/v1/Areas                        | $apply $filter $search $orderby $top $skip $count $select $compute $skiptoken aliases Prefer $format $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/odata/v1/Calls                        | $apply $filter $orderby $top $skip $count $select $expand $compute $skiptoken aliases Prefer $format $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/odata/v1/RefreshStatus                | $apply $filter $orderby $top $skip $count $select $compute $skiptoken aliases Prefer $format $schemaversion OData-MaxVersion
/odata/v1/Areas/$count                 | $apply $filter $search aliases $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/odata/v1/Calls({CallId})              | $select $expand $compute aliases Prefer $format $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/odata/v1/Areas('{AreaId}')/{property} | aliases $format $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/odata/v1/Areas('{AreaId}')/{property}/$value | aliases $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/odata/v1/Responses({ResponseId})/Call | $select $expand $compute aliases Prefer $format $schemaversion OData-MaxVersion If-Match If-None-Match Isolation
/v1/views/Areas.csv                    | $apply $filter $search $orderby $top $skip $select $compute aliases If-Match If-None-Match
/v1/views/Calls.json                   | $apply $filter $orderby $top $skip $select $expand $compute aliases If-Match If-None-Match
"""


@pytest.mark.parametrize("line", OPTIONS.strip().splitlines()[1:])
def test_each_kind_of_address_has_its_options(line: str) -> None:
    path, wanted = (cell.strip() for cell in line.split("|"))
    assert options(path) == set(wanted.split())


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_view_has_its_addresses_and_its_answers_fit(ask: Desk, view: View) -> None:
    schema = {**WHOLE["components"]["schemas"][view.entity], "components": WHOLE["components"]}
    strict = jsonschema.Draft202012Validator({**schema, "additionalProperties": False})
    jsonschema.Draft202012Validator.check_schema(schema)
    who = next(role for role in CATALOGUE.roles if role in view.roles)
    rows = ask.get(f"{view.name}?$top=20", who).rows
    assert rows
    for row in rows:
        strict.validate(row)
    (path,) = [path for path in WHOLE["paths"] if re.fullmatch(rf"/odata/v1/{view.name}\([^/]*\)", path)]
    key = {name: str(rows[0][name]).replace("'", "''") for name in view.key}
    address = path.removeprefix("/odata/v1/").format(**key).replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    assert ask.get(address.replace("&", "%26").replace("+", "%2B").replace("/", "%2F"), who).status == 200
    assert {f"{path}/{navigation.name}" for navigation in view.navigations} <= set(WHOLE["paths"])
    assert {f"{path}/{{property}}", f"{path}/{{property}}/$value", f"/odata/v1/{view.name}/$count"} <= set(
        WHOLE["paths"]
    )


def test_every_status_of_a_request_is_described() -> None:
    kinds = (RequestError, AccessError, Unavailable)
    statuses = {str(kind.status) for kind in all_errors() if issubclass(kind, kinds)} - {"424"}  # of a part of a batch
    said = set(WHOLE["paths"]["/odata/v1/$batch"]["post"]["responses"])
    assert statuses - {"500"} <= said
    assert statuses - {"408", "413", "415", "500"} <= set(WHOLE["paths"]["/odata/v1/Areas"]["get"]["responses"])


def test_an_error_fits_its_schema(ask: Desk) -> None:
    schema = WHOLE["components"]["schemas"]["Error"]
    for address in ("Areas?$filter=Nope eq 1", "Nothing", "Areas?$deltatoken=x"):
        found = ask.get(address)
        jsonschema.validate(found.json, schema)
        assert str(found.status) in WHOLE["paths"]["/odata/v1/Areas"]["get"]["responses"]
