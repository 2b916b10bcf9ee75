"""The files around model and report: the project, the connections, parameter.yml, the committed copies, the wheel."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from lxml import etree

from models.catalogue import CATALOGUE
from models.errors import ConfigurationError
from powerbi.audience import AUDIENCES, Audience
from powerbi.package import __main__ as command
from powerbi.package import assembly, default_address, project, templates
from powerbi.package.address import api_base_url
from powerbi.package.folders import COMMITTED, differences, read, write
from powerbi.package.parameters import parameter_yml
from powerbi.package.pbit import zipped
from tests.conftest import ROOT

CITY = "https://metrics.city.example"
ODC = "{urn:schemas-microsoft-com:office:odc}"
MASHUP = "{http://schemas.microsoft.com/DataMashup}"

both = pytest.mark.parametrize("audience", AUDIENCES.values(), ids=lambda each: each.name)


# --- the committed copies ---------------------------------------------------------------------------------------------


def test_the_committed_templates_are_what_the_catalogue_makes_now() -> None:
    """After any change to catalogue, model, measures or report: `make docs`, and commit what it writes."""
    assert command.stale()[:1] == []


def test_a_stale_copy_is_named_and_so_is_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "COMMITTED", tmp_path)
    monkeypatch.setattr("sys.argv", ["package"])
    assert command.main() == 0
    monkeypatch.setattr("sys.argv", ["package", "--check"])
    assert command.main() == 0
    file = tmp_path / "viewer/CrisisMetricsViewer.SemanticModel/definition/database.tmdl"
    file.write_bytes(file.read_bytes().replace(b"1601", b"1500"))
    assert command.main() == 1
    said = capsys.readouterr().err
    assert "viewer/CrisisMetricsViewer.SemanticModel/definition/database.tmdl differs from line 2" in said
    assert "make docs" in said


def test_no_line_end_is_changed_when_the_templates_are_checked_out() -> None:
    assert "powerbi/templates/** -text" in (ROOT / ".gitattributes").read_text("ascii")


DIFFERENCES = [
    ({"a": b"1"}, {"a": b"1"}, []),
    ({}, {"a": b"1"}, [("a", "is not there")]),
    ({"a": b"1"}, {}, [("a", "is no longer made")]),
    ({"a": b"1\n2\n3"}, {"a": b"1\n2\n4"}, [("a", "differs from line 3")]),
    ({"a": b"1\n2"}, {"a": b"1\n2\n"}, [("a", "is longer or shorter")]),
    ({"a": zipped([("x", b"1"), ("y", b"2")])}, {"a": zipped([("x", b"1"), ("y", b"3")])}, [("a", "differs in its part y")]),
    ({"a": zipped([("x", b"1")])}, {"a": zipped([("x", b"1"), ("y", b"")])}, [("a", "has other parts, or in another order")]),
    ({"a": b"PK"}, {"a": zipped([("x", b"1")])}, [("a", "has other parts, or in another order")]),
]  # fmt: skip


@pytest.mark.parametrize(("present", "made", "said"), DIFFERENCES)
def test_a_difference_is_said_in_words(
    present: Mapping[str, bytes], made: Mapping[str, bytes], said: list[tuple[str, str]]
) -> None:
    assert list(differences(present, made)) == said


def test_two_zips_that_only_another_compressor_made_are_the_same() -> None:
    """zlib and its successors pack alike parts into unlike bytes; what the template says is what counts."""
    parts = [("x", b"1" * 5000), ("y", b"2")]
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as packing:
        for name, content in parts:
            packing.writestr(name, content)
    assert zipped(parts) != stored.getvalue()
    assert list(differences({"a": stored.getvalue()}, {"a": zipped(parts)})) == []


def test_writing_takes_away_what_an_earlier_build_left_inside_an_item_and_nothing_else(tmp_path: Path) -> None:
    kept = ("notes.txt", "X.Report/.pbi/localSettings.json", "Other.Report/definition/report.json")
    for name in (*kept, "X.Report/definition/pages/old/page.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    files = {"X.Report/definition/report.json": b"{}", "parameter.yml": b""}
    assert write(tmp_path, files) == [*files, "X.Report/definition/pages/old/page.json"]
    assert all((tmp_path / name).exists() for name in (*kept, *files))
    assert not (tmp_path / "X.Report/definition/pages").exists()
    assert write(tmp_path, files) == []
    assert set(read(tmp_path)) == {*files, kept[0], kept[2]}


def test_the_wheel_carries_the_templates() -> None:
    found = {each.distribution_path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    missing = sorted(f"powerbi/templates/{path}" for path in read(COMMITTED))
    assert len(missing) > 300
    assert [path for path in missing if path not in found] == []


def test_two_builds_are_the_same_and_every_file_belongs_to_an_audience() -> None:
    made = templates()
    assembly._project.cache_clear()
    assert made == templates()
    assert {path.partition("/")[0] for path in made} == set(AUDIENCES)


# --- the project ------------------------------------------------------------------------------------------------------


@both
def test_the_project_names_its_report_and_the_report_its_model(audience: Audience) -> None:
    files, name = project(audience.name), audience.model
    said = {path: json.loads(files[path]) for path in files if path.endswith((".pbip", ".pbir", ".pbism", ".platform"))}
    assert said[f"{name}.pbip"]["artifacts"] == [{"report": {"path": f"{name}.Report"}}]
    assert said[f"{name}.Report/definition.pbir"]["datasetReference"] == {
        "byPath": {"path": f"../{name}.SemanticModel"}
    }
    for kind in ("SemanticModel", "Report"):
        platform = said[f"{name}.{kind}/.platform"]
        assert platform["metadata"] == {"type": kind, "displayName": name}
    versions = {
        path.rpartition(".")[2]: document["version"] for path, document in said.items() if "version" in document
    }
    assert versions == {"pbip": "1.0", "pbir": "4.0", "pbism": "4.2"}


def test_the_identities_of_the_four_items_are_four() -> None:
    found = [
        json.loads(content)["config"]["logicalId"]
        for path, content in templates().items()
        if path.endswith(".platform")
    ]
    assert len(found) == len(set(found)) == 4


@both
def test_no_file_has_a_mark_and_every_text_is_utf_8(audience: Audience) -> None:
    for path, content in project(audience.name).items():
        if not path.endswith(".pbit"):
            assert not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe"))
            content.decode("utf-8")


# --- the address ------------------------------------------------------------------------------------------------------

ADDRESSES = """
written                              | becomes
https://metrics.city.example         | https://metrics.city.example
 https://metrics.city.example/       | https://metrics.city.example
https://metrics.city.example:8443    | https://metrics.city.example:8443
https://city.example/crisis/metrics/ | https://city.example/crisis/metrics
http://127.0.0.1:8000                | http://127.0.0.1:8000
http://localhost:8000/               | http://localhost:8000
http://[::1]:8000                    | http://[::1]:8000
http://metrics.city.example          | refused
http://127.0.0.1.evil.example        | refused
http://192.0.2.1:8000                | refused
https://user:secret@city.example     | refused
https://city.example/?key=secret     | refused
https://city.example/#x              | refused
https://city.example/"&x             | refused
https://city.example/a b             | refused
ftp://city.example                   | refused
metrics.city.example                 | refused
https://                             | refused
"""


@pytest.mark.parametrize("line", ADDRESSES.strip().splitlines()[1:])
def test_an_address_is_https_or_this_machine_and_has_no_slash_at_its_end(line: str) -> None:
    written, becomes = line.split(" | ", maxsplit=1)[0], line.rpartition("| ")[2].strip()
    written = written.rstrip()
    if becomes == "refused":
        with pytest.raises(ConfigurationError) as caught:
            api_base_url(written)
        assert "https://metrics.city.example" in caught.value.hint
        assert "secret" not in caught.value.message
    else:
        assert api_base_url(written) == becomes


@both
def test_the_address_stands_in_the_model_and_the_connections_and_nowhere_else(audience: Audience) -> None:
    """Every other byte is the same under another address, so a customer's build can be compared with the committed one."""
    made, plain = project(audience.name, f"{CITY}/"), project(audience.name)
    name = audience.model
    own = {
        f"{name}.SemanticModel/definition/expressions.tmdl",
        f"{name}.pbit",
        f"{name}.pbids",
        f"{name}.odc",
        "parameter.yml",
    }
    assert {path for path, _ in differences(plain, made)} == own
    for path in own - {f"{name}.pbit"}:
        assert made[path].replace(CITY.encode(), default_address().encode()) == plain[path]


# --- connections and parameters ---------------------------------------------------------------------------------------


@both
def test_the_pbids_names_the_feed(audience: Audience) -> None:
    said = json.loads(project(audience.name, CITY)[f"{audience.model}.pbids"])
    (connection,) = said["connections"]
    assert said["version"] == "0.1"
    assert connection["details"] == {"protocol": "odata", "address": {"url": f"{CITY}/odata/v1"}}
    assert connection["mode"] == "Import"


@both
def test_the_odc_holds_one_query_that_the_audience_may_run(audience: Audience) -> None:
    page = etree.fromstring(project(audience.name, CITY)[f"{audience.model}.odc"])
    text = {each.tag: each.text or "" for each in page.iter()}
    envelope = etree.fromstring(text[f"{ODC}PowerQueryMashupData"])
    (query,) = envelope.iter(f"{MASHUP}Query")
    name = query.attrib["Name"]
    formula = query.findtext(f"{MASHUP}Formula") or ""
    assert name in {view.name for view in CATALOGUE.readable(audience.name)}
    assert f'OData.Feed("{CITY}/odata/v1"' in formula
    assert f'[Name = "{name}"' in formula
    assert f"Location={name};" in text[f"{ODC}ConnectionString"]
    assert text[f"{ODC}CommandText"] == f"SELECT * FROM [{name}]"


@both
def test_parameter_yml_replaces_the_one_text_that_the_model_holds(audience: Audience) -> None:
    files = project(audience.name)
    said = files["parameter.yml"].decode()
    (find,) = re.findall(r'find_value: "(.*)"', said)
    (path,) = re.findall(r'file_path: "/(.*)"', said)
    assert files[path].decode().count(find) == 1
    assert re.findall(r'^        PROD: "(.*)"$', said, re.MULTILINE) == [find]


def test_parameter_yml_binds_a_connection_where_one_is_named() -> None:
    """Golden: four blanks a level, as fabric-cicd's own examples have it."""
    made = parameter_yml("X", "https://a.example", {"TEST": CITY}, {"TEST": "0b0e4a52-6c1f-4c8e-9d5a-3f1c2b7a9e10"})
    assert made.decode().partition("find_replace:\n")[2] == (
        '    - find_value: "https://a.example"\n'
        "      replace_value:\n"
        f'        TEST: "{CITY}"\n'
        '      item_type: "SemanticModel"\n'
        '      item_name: "X"\n'
        '      file_path: "/X.SemanticModel/definition/expressions.tmdl"\n'
        "semantic_model_binding:\n"
        "    models:\n"
        '        - semantic_model_name: "X"\n'
        "          connection_id:\n"
        '              TEST: "0b0e4a52-6c1f-4c8e-9d5a-3f1c2b7a9e10"\n'
    )
