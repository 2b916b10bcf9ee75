"""A .pbit is read part by part: which parts, in which order, in which encoding, declared as which content type.

The table is what Desktop's own templates hold, less what is bound to their author's machine or only labels need; it is
written from those files, not from the writer that is judged.
"""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from lxml import etree

from powerbi.audience import AUDIENCES
from powerbi.model.build import model
from powerbi.package import project
from powerbi.package.pbit import pbit

PARTS = """
part                | encoding  | content type     | begins with
Version             | utf-16-le | (empty)          | 1.32
[Content_Types].xml | utf-8     | -                | <?xml version="1.0" encoding="utf-8"?>
DataModelSchema     | utf-16-le | (empty)          | {
DiagramLayout       | utf-16-le | (empty)          | {
Settings            | utf-16-le | application/json | {"Version":4,"ReportSettings":{},"QueriesSettings":{
Metadata            | utf-16-le | application/json | {"Version":5,"AutoCreatedRelationships":[],
"""
"""In the order of the file; the report's parts come behind them."""
NEVER = ("SecurityBindings", "DataMashup", "DataModel", "Report/Layout", "UnappliedChanges", "_rels/.rels")
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def rows() -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in line.split("|")) for line in PARTS.strip().splitlines()[1:]]


@pytest.fixture(params=AUDIENCES)
def template(request: pytest.FixtureRequest) -> zipfile.ZipFile:
    audience = AUDIENCES[request.param]
    return zipfile.ZipFile(io.BytesIO(project(audience.name)[f"{audience.model}.pbit"]))


def declared(template: zipfile.ZipFile) -> tuple[dict[str, str], dict[str, str]]:
    """Content types by extension and by part."""
    types = etree.fromstring(template.read("[Content_Types].xml"))
    return (
        {each.attrib["Extension"]: each.attrib["ContentType"] for each in types.iter(f"{TYPES}Default")},
        {each.attrib["PartName"]: each.attrib["ContentType"] for each in types.iter(f"{TYPES}Override")},
    )


def test_the_parts_stand_in_the_order_of_the_table_and_the_report_behind_them(template: zipfile.ZipFile) -> None:
    names = template.namelist()
    assert names[: len(rows())] == [row[0] for row in rows()]
    assert all(name.startswith(("Report/definition/", "Report/StaticResources/")) for name in names[len(rows()) :])
    assert len(names) == len(set(names))
    assert not set(NEVER) & set(names)
    assert {"Report/definition/version.json", "Report/definition/report.json"} <= set(names)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_part_has_its_encoding_its_content_type_and_its_beginning(
    template: zipfile.ZipFile, row: tuple[str, ...]
) -> None:
    name, encoding, kind, beginning = row
    content = template.read(name)
    assert not content.startswith(MARKS)
    assert content.decode(encoding).startswith(beginning)
    _, by_name = declared(template)
    assert by_name.get(f"/{name}", "-") == ("" if kind == "(empty)" else kind)


def test_every_part_has_exactly_one_content_type_and_none_is_declared_for_nothing(template: zipfile.ZipFile) -> None:
    by_extension, by_name = declared(template)
    for name in template.namelist():
        if name != "[Content_Types].xml":
            extension = name.rpartition("/")[2].rpartition(".")[2] if "." in name.rpartition("/")[2] else None
            assert (extension in by_extension) + (f"/{name}" in by_name) == 1, name
    assert {name.removeprefix("/") for name in by_name} <= set(template.namelist())
    assert by_extension == {"json": ""}


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
