"""`$metadata` says exactly what the catalogue declares, to each role its part, in words that OASIS's files accept.

Regenerate the golden file after a wanted change: CRISIS_GOLDEN=write pytest tests/contract/test_metadata.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from lxml import etree

from api.odata.binding.rowscope import readable
from api.odata.description import metadata
from api.odata.language.functions import FUNCTIONS, OPERATORS
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from tests.helpers import csdl_reading
from tests.helpers.asking import caller
from tests.helpers.golden import agrees
from tests.helpers.vocabularies import judged

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
GOLDEN = Path(__file__).resolve().parents[1] / "golden"
ROLES = sorted(CATALOGUE.roles)
PATTERNS = (
    (r"(_|\\p{L}|\\p{Nl}|\\p{Nd}|\\p{Mn}|\\p{Mc}|\\p{Pc}|\\p{Cf})", r"\\w"),
    (r"(_|\\p{L}|\\p{Nl})", r"[^\\W\\d]"),
)


def names(role: str) -> tuple[str, ...]:
    return tuple(view.name for view in CATALOGUE.readable(role))


def tree(role: str) -> etree._Element:
    return etree.fromstring(metadata.xml(names(role)))


def schema(shared: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(shared / "odata" / "csdl-schemas" / "edmx.xsd")))


@pytest.mark.shared
@pytest.mark.parametrize("role", ROLES)
def test_the_xml_is_valid_against_the_oasis_schema(shared: Path, figure: Callable[[str], None], role: str) -> None:
    document = tree(role)
    schema(shared).assertValid(etree.ElementTree(document))
    figure(f"$metadata of {role}: {len(list(document.iter()))} XML elements valid by the OASIS XSDs")


@pytest.mark.shared
def test_the_oasis_schema_would_notice_a_fault(shared: Path) -> None:
    broken = metadata.xml(names("analyst")).replace(b"<PropertyRef Name=", b"<PropertyRef Nome=", 1)
    assert not schema(shared).validate(etree.fromstring(broken))


@pytest.mark.shared
@pytest.mark.parametrize("role", ROLES)
def test_the_json_is_valid_against_the_oasis_schema(shared: Path, figure: Callable[[str], None], role: str) -> None:
    text = (shared / "odata" / "csdl-schemas" / "csdl.schema.json").read_text()
    for theirs, ours in PATTERNS:  # Python's re has no Unicode classes by name
        assert theirs in text
        text = text.replace(theirs, ours)
    document = metadata.json(names(role))
    jsonschema.validate(json.loads(document), json.loads(text))
    figure(f"$metadata of {role}: {len(document):,} bytes of JSON valid by the OASIS JSON schema")


def test_the_analysts_document_is_the_committed_one() -> None:
    assert agrees(GOLDEN / "metadata_analyst.xml", metadata.xml(names("analyst")))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_its_views_and_no_other(role: str) -> None:
    document = tree(role)
    assert [item.get("Name") for item in document.iter(f"{EDM}EntitySet")] == list(names(role))
    text = metadata.xml(names(role)).decode()
    for view in CATALOGUE.views.values():
        if view.name not in names(role):
            assert f'"{view.name}"' not in text
            assert f'CrisisMetrics.{view.entity}"' not in text


@pytest.mark.parametrize("view", CATALOGUE.views.values(), ids=lambda view: view.name)
def test_every_column_is_declared_as_in_the_catalogue(view: View) -> None:
    (entity,) = [item for item in tree("analyst").iter(f"{EDM}EntityType") if item.get("Name") == view.entity]
    declared = []
    for item in entity.findall(f"{EDM}Property"):
        facets = [item.get(name) for name in ("Name", "Type", "Nullable", "MaxLength", "Precision", "Scale")]
        declared.append(facets)
    wanted = [
        [
            column.name,
            column.edm.value,
            "true" if column.nullable else "false",
            *(None if facet is None else str(facet) for facet in (column.max_length, column.precision, column.scale)),
        ]
        for column in view.columns
    ]
    assert declared == wanted
    assert tuple(ref.get("Name") for ref in entity.iter(f"{EDM}PropertyRef")) == view.key


@pytest.mark.parametrize("role", ["viewer", "analyst", "refresh"])
def test_navigation_is_to_one_and_leads_only_to_readable_views(role: str) -> None:
    document = tree(role)
    seen = {f"CrisisMetrics.{CATALOGUE.views[name].entity}" for name in names(role)}
    links = list(document.iter(f"{EDM}NavigationProperty"))
    assert bool(links) == (role != "refresh")
    for link in links:
        assert link.get("Type") in seen
        assert not str(link.get("Type")).startswith("Collection(")
        assert link.findall(f"{EDM}ReferentialConstraint")
    for binding in document.iter(f"{EDM}NavigationPropertyBinding"):
        assert binding.get("Target") in names(role)


def test_a_link_to_a_view_that_a_restricted_caller_may_not_read_is_not_named() -> None:
    """Calls lead to Incidents, which have no team: who is restricted to teams reads the one and not the other."""
    seen = tuple(view.name for view in readable(CATALOGUE, caller(teams={"east"})))
    assert "Calls" in seen
    assert "Incidents" not in seen
    text = metadata.xml(seen).decode()
    assert "Incidents" not in text
    assert '"CrisisMetrics.Incident"' not in text
    assert '<NavigationProperty Name="Team"' in text
    assert b'"Incident"' not in metadata.json(seen)


def test_every_property_says_what_it_means_and_in_which_unit() -> None:
    document = tree("analyst")
    for view in CATALOGUE.readable("analyst"):
        for column in view.columns:
            (item,) = document.xpath(
                "//e:EntityType[@Name=$type]/e:Property[@Name=$name]",
                type=view.entity,
                name=column.name,
                namespaces={"e": EDM.strip("{}")},
            )
            said = {note.get("Term"): note.get("String") for note in item.iter(f"{EDM}Annotation")}
            assert said["Org.OData.Core.V1.Description"] == column.description
            assert said.get("Org.OData.Measures.V1.Unit") == column.unit


def test_both_forms_say_the_same() -> None:
    for role in ROLES:
        told = csdl_reading.of_xml(metadata.xml(names(role)))
        assert told == csdl_reading.of_json(metadata.json(names(role)))
        assert len(told) > 2000 or role in ("refresh", "admin")


SPOILED = """
what the JSON says instead                       | where it stood
"$Key":["AreaId"]                                | "$Key":["AreaName"]
"$MaxLength":128                                 | "$MaxLength":64
"@Core.Description":"Name of the area."          | "@Core.Description":"Its name."
"Countable":true                                 | "Countable":false
"$ReferentialConstraint":{"AreaId":"AreaId"}     | "$ReferentialConstraint":{"AreaId":"AreaName"}
"@Validation.Minimum":0                          | "@Validation.Minimum":1
"Navigability":"None"                            | "Navigability":"Single"
"""


@pytest.mark.parametrize("line", SPOILED.strip().splitlines()[1:])
def test_the_comparison_of_both_forms_notices_a_fault(line: str) -> None:
    said, spoiled = (cell.strip().encode() for cell in line.split("|"))
    text = metadata.json(names("analyst"))
    assert said in text
    told = csdl_reading.of_xml(metadata.xml(names("analyst")))
    assert told != csdl_reading.of_json(text.replace(said, spoiled, 1))


KNOWN_TO_4_0 = {
    "Annotation": {"Term", "Qualifier", "String", "Bool", "Int", "EnumMember"},
    "PropertyValue": {"Property", "String", "Bool", "Int", "EnumMember"},
    "Record": set(),
    "Collection": set(),
    "String": set(),
    "PropertyPath": set(),
}
"""Expressions that the oldest readers of CSDL 4.0 in use know; another element or attribute makes them drop the feed."""


def test_annotations_are_written_in_words_that_old_readers_know() -> None:
    for item in tree("analyst").iter():
        name = etree.QName(item).localname
        parents = [etree.QName(parent).localname for parent in item.iterancestors()]
        if name in KNOWN_TO_4_0:
            assert set(item.attrib) <= KNOWN_TO_4_0[name], item.attrib
        assert name in KNOWN_TO_4_0 or "Annotation" not in parents, name
        assert name != "Annotation" or "Annotation" not in parents


def notes(role: str, path: str) -> dict[str, etree._Element]:
    """Annotations of the elements at an XPath, by the term's last name."""
    found = tree(role).xpath(f"{path}/e:Annotation", namespaces={"e": EDM.strip("{}")})
    return {str(note.get("Term")).rpartition(".")[2]: note for note in found}


def texts(note: etree._Element) -> list[str]:
    return [str(item.text) for item in note.iter(f"{EDM}String", f"{EDM}PropertyPath")]


def test_the_advertised_functions_and_operators_are_those_of_the_translator() -> None:
    assert texts(notes("viewer", "//e:EntityContainer")["FilterFunctions"]) == [*OPERATORS, *sorted(FUNCTIONS)]


def test_the_version_of_the_definitions_is_the_schemas() -> None:
    assert notes("viewer", "//e:Schema")["SchemaVersion"].get("String") == CATALOGUE.version


@pytest.mark.parametrize("view", CATALOGUE.views.values(), ids=lambda view: view.name)
def test_codes_and_minimums_are_those_of_the_catalogue(view: View) -> None:
    for column in view.columns:
        said = notes("analyst", f"//e:EntityType[@Name='{view.entity}']/e:Property[@Name='{column.name}']")
        allowed = said.get("AllowedValues")
        values = [] if allowed is None else [item.get("String") for item in allowed.iter(f"{EDM}PropertyValue")]
        assert values == ([code.code for code in CATALOGUE.codes[column.codes].codes] if column.codes else [])
        least = said.get("Minimum")
        assert (None if least is None else least.get("Int")) == (
            None if column.minimum is None else str(column.minimum)
        )


CONTEXT = """
property                               | only well defined for one
DailyIncident/IncidentCount            | FamilyCode
DailyIncident/OpenIncidentCount        | FamilyCode OperationalDate
Incident/AssessmentMs                  | FamilyCode
DailyIncident/OperationalDate          |
DailyCall/CallCount                    |
MetricDefinition/MaturityDays          |
"""


@pytest.mark.parametrize("line", CONTEXT.strip().splitlines()[1:])
def test_figures_of_two_families_and_stocks_of_two_days_are_never_added_up(line: str) -> None:
    path, context = (cell.strip() for cell in line.split("|"))
    entity, name = path.split("/")
    said = notes("analyst", f"//e:EntityType[@Name='{entity}']/e:Property[@Name='{name}']")
    assert texts(said["ContextDefiningProperties"] if context else etree.Element("none")) == context.split()
    assert ("ContextDefiningProperties" in said) == bool(context)


def test_the_document_stays_of_a_size_that_is_fetched_at_every_refresh() -> None:
    assert len(metadata.xml(names("analyst"))) < 400_000
    assert max(len(codes.codes) for codes in CATALOGUE.codes.values()) <= metadata.LONGEST_LIST


@pytest.mark.shared
@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_every_annotation_has_the_term_the_place_and_the_type_of_its_vocabulary(shared: Path, role: str) -> None:
    count, found = judged(shared, tree(role))
    assert found == []
    assert count > 500


FAULTS = """
instead of                                        | stands                                              | and the judge says
ODataVersions" String="4.0 4.01"                  | ODataVersions" EnumMember="Org.OData.Core.V1.Permission/Read" | Org.OData.Core.V1.ODataVersions is not written as String
Core.V1.Permission/Read                           | Core.V1.Permission/Look                             | Org.OData.Core.V1.Permissions is no member of Core.Permission
Term="Org.OData.Core.V1.Permissions"              | Term="Org.OData.Core.V1.Permission"                 | Org.OData.Core.V1.Permission is no term
Term="Org.OData.Core.V1.ConventionalIDs" Bool     | Term="Org.OData.Core.V1.Computed" Bool              | Org.OData.Core.V1.Computed does not belong on EntityContainer
Property="Countable" Bool="true"                  | Property="Countable" String="true"                  | Org.OData.Capabilities.V1.CountRestrictions/Countable is not written as Bool
Property="Sortable"                               | Property="Sorted"                                   | Org.OData.Capabilities.V1.SortRestrictions has no Sorted
Validation.V1.Minimum" Int="0"                    | Validation.V1.Minimum" String="0"                   | Org.OData.Validation.V1.Minimum is not written as Int
<PropertyPath>FamilyCode</PropertyPath>           | <String>FamilyCode</String>                         | a member of Org.OData.Aggregation.V1.ContextDefiningProperties is not written as PropertyPath
Measures.V1.Unit" String="day"                    | Measures.V1.Scale" Int="1"                          | Org.OData.Measures.V1.Scale does not belong on Edm.Date
"""


@pytest.mark.shared
@pytest.mark.parametrize("line", FAULTS.strip().splitlines()[1:])
def test_the_judge_of_annotations_notices_a_fault(shared: Path, line: str) -> None:
    said, spoiled, fault = (cell.strip() for cell in line.split("|"))
    text = metadata.xml(names("analyst"))
    assert said.encode() in text
    broken = etree.fromstring(text.replace(said.encode(), spoiled.encode(), 1))
    assert judged(shared, broken)[1] == [fault]
