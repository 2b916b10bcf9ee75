"""A .pbit is read part by part: which parts, in which order, in which encoding, declared as which content type.

The table is what Desktop's own templates hold, less what is bound to their author's machine or only labels need; it is
written from those files, not from the writer that is judged: `tests.helpers.desktop_template`.
"""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from powerbi.audience import AUDIENCES
from powerbi.model.build import model
from powerbi.package import project
from powerbi.package.pbit import pbit, zipped
from tests.helpers.desktop_template import MARKS, declared, facts

NEVER = ("SecurityBindings", "DataMashup", "DataModel", "Report/Layout", "UnappliedChanges", "_rels/.rels")


@pytest.fixture(params=AUDIENCES)
def template(request: pytest.FixtureRequest) -> zipfile.ZipFile:
    audience = AUDIENCES[request.param]
    return zipfile.ZipFile(io.BytesIO(project(audience.name)[f"{audience.model}.pbit"]))


def content_of(template: zipfile.ZipFile) -> bytes:
    assert isinstance(template.fp, io.BytesIO)
    return template.fp.getvalue()


def test_every_fact_of_desktops_own_templates_holds(template: zipfile.ZipFile) -> None:
    compared = list(facts(content_of(template)))
    assert len(compared) > 200
    assert [each for each in compared if each[1] != each[2]] == []


def test_nothing_is_in_it_that_belongs_to_another_machine_or_another_format(template: zipfile.ZipFile) -> None:
    assert not set(NEVER) & set(template.namelist())


SPOILED = """
part                | what is done                | fact that fails
Version             | left out                    | parts before the report
Settings            | in UTF-8                    | Settings: begins as text
DataModelSchema     | with a mark                 | DataModelSchema: begins as text
[Content_Types].xml | Settings declared as empty  | content types by part
Report/definition/report.json | pretty            | report.json: compact
Metadata            | moved to the end            | parts before the report
"""


@pytest.mark.parametrize("line", SPOILED.strip().splitlines()[1:])
def test_a_spoiled_template_fails_the_fact(line: str) -> None:
    name, done, fact = (cell.strip() for cell in line.split("|"))
    whole = zipfile.ZipFile(io.BytesIO(project("viewer")["CrisisMetricsViewer.pbit"]))
    parts = {each: whole.read(each) for each in whole.namelist()}
    content = parts.pop(name)
    changed = {
        "left out": None,
        "in UTF-8": content.decode("utf-16-le", "replace").encode() if name == "Settings" else b"",
        "with a mark": b"\xff\xfe" + content,
        "Settings declared as empty": content.replace(
            b'/Settings" ContentType="application/json', b'/Settings" ContentType="'
        ),
        "pretty": content.replace(b",", b", "),
        "moved to the end": content,
    }[done]
    if changed is not None:
        parts[name] = changed
    order = list(parts) if done == "moved to the end" else [each for each in whole.namelist() if each in parts]
    spoiled = facts(zipped((each, parts[each]) for each in order))
    first = next(what for what, found, expected in spoiled if found != expected)
    assert fact in first


def test_the_report_inside_is_compact_json_without_a_mark_and_says_what_the_project_says(
    template: zipfile.ZipFile,
) -> None:
    name = json.loads(template.read("DataModelSchema").decode("utf-16-le"))["name"]
    files = project(next(each.name for each in AUDIENCES.values() if each.model == name))
    inside = [part for part in template.namelist() if part.startswith("Report/")]
    assert len(inside) > 50
    for part in inside:
        content = template.read(part)
        beside = files[f"{name}.Report/{part.removeprefix('Report/')}"]
        assert not content.startswith(MARKS)
        assert json.loads(content) == json.loads(beside)
        if part.startswith("Report/definition/"):
            assert b"\n" not in content
    assert len(inside) == sum(path.startswith(f"{name}.Report/") for path in files) - 2  # .platform, definition.pbir


def test_the_model_inside_has_a_name_parameters_with_values_and_every_table(template: zipfile.ZipFile) -> None:
    """An empty name, a null schema and a null parameter are what made published templates unusable."""
    schema = json.loads(template.read("DataModelSchema").decode("utf-16-le"))
    audience = next(each for each in AUDIENCES.values() if each.model == schema["name"])
    assert schema["model"]["defaultPowerBIDataSourceVersion"] == "powerBI_V3"
    assert {table["name"] for table in schema["model"]["tables"]} == {each.name for each in model(audience.name).tables}
    parameters = {each["name"]: each["expression"] for each in schema["model"]["expressions"]}
    assert parameters["ApiBaseUrl"].startswith('"http')
    assert all("IsParameterQuery=true" in said and not said.startswith("null") for said in parameters.values())
    assert all(each["description"] for each in schema["model"]["expressions"]), "the hint beside the parameter's box"


def test_nothing_in_a_template_depends_on_when_or_where_it_is_made(template: zipfile.ZipFile) -> None:
    assert {info.date_time for info in template.infolist()} == {(2026, 1, 1, 0, 0, 0)}
    assert {(info.create_system, info.compress_type) for info in template.infolist()} == {(0, zipfile.ZIP_DEFLATED)}
    schema = json.loads(template.read("DataModelSchema").decode("utf-16-le"))
    report = {"definition/report.json": b'{"a": 1}'}
    assert pbit(schema, report, "x") == pbit(schema, report, "x")


def test_a_model_without_a_name_makes_no_template() -> None:
    with pytest.raises(ValueError, match="without a name"):
        pbit({"name": "", "model": {}}, {}, "x")


def test_a_picture_in_the_report_gets_a_content_type_of_its_own() -> None:
    made = zipfile.ZipFile(io.BytesIO(pbit({"name": "x"}, {"StaticResources/RegisteredResources/a.png": b"\x89"}, "")))
    assert declared(made)[0] == {"png": ""}
    assert made.read("Report/StaticResources/RegisteredResources/a.png") == b"\x89"
