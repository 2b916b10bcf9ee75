"""`$metadata` says exactly what the catalogue declares, to each role its part, in words that OASIS's files accept.

Regenerate the golden file after a wanted change: CRISIS_GOLDEN=write pytest tests/contract/test_metadata.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from lxml import etree

from api.odata import metadata
from api.odata.functions import FUNCTIONS
from api.odata.rowscope import readable
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from tests.helpers.asking import caller
from tests.helpers.golden import agrees

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
def test_the_xml_is_valid_against_the_oasis_schema(shared: Path, role: str) -> None:
    schema(shared).assertValid(etree.ElementTree(tree(role)))


@pytest.mark.shared
def test_the_oasis_schema_would_notice_a_fault(shared: Path) -> None:
    broken = metadata.xml(names("analyst")).replace(b"<PropertyRef Name=", b"<PropertyRef Nome=", 1)
    assert not schema(shared).validate(etree.fromstring(broken))


@pytest.mark.shared
@pytest.mark.parametrize("role", ROLES)
def test_the_json_is_valid_against_the_oasis_schema(shared: Path, role: str) -> None:
    text = (shared / "odata" / "csdl-schemas" / "csdl.schema.json").read_text()
    for theirs, ours in PATTERNS:  # Python's re has no Unicode classes by name
        assert theirs in text
        text = text.replace(theirs, ours)
    jsonschema.validate(json.loads(metadata.json(names(role))), json.loads(text))


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


def test_the_advertised_functions_are_those_of_the_translator() -> None:
    document = json.loads(metadata.json(names("viewer")))
    container = document["CrisisMetrics"]["Container"]
    assert container["@Org.OData.Capabilities.V1.FilterFunctions"] == sorted(FUNCTIONS)


class Vocabulary:
    """The OASIS vocabularies, read far enough to judge an annotation: term and record types, enumerations."""

    def __init__(self, folder: Path) -> None:
        self.terms: dict[str, etree._Element] = {}
        self.types: dict[str, etree._Element] = {}
        self.aliases: dict[str, str] = {}
        for path in sorted((folder / "odata" / "vocabularies").glob("*.xml")):
            for schema_ in etree.parse(str(path)).getroot().iter(f"{EDM}Schema"):
                self.aliases[schema_.get("Alias")] = schema_.get("Namespace")
                for item in schema_:
                    kind = self.terms if item.tag == f"{EDM}Term" else self.types
                    if item.get("Name"):
                        kind[f"{schema_.get('Namespace')}.{item.get('Name')}"] = item

    def full(self, name: str) -> str:
        prefix, _, rest = name.rpartition(".")
        return f"{self.aliases.get(prefix, prefix)}.{rest}"

    def properties(self, name: str) -> dict[str, str]:
        """Property -> type of a record type, inherited ones too."""
        item = self.types[self.full(name)]
        base = self.properties(item.get("BaseType")) if item.get("BaseType") else {}
        return base | {part.get("Name"): part.get("Type") for part in item.findall(f"{EDM}Property")}

    def faults(self, holder: etree._Element, declared: str, where: str) -> Iterator[str]:
        """What is wrong with the constant that `holder` carries, given its declared type."""
        collection = declared.removeprefix("Collection(").rstrip(")")
        if declared.startswith("Collection("):
            (items,) = holder.findall(f"{EDM}Collection")
            if collection != "Edm.String" or {item.tag for item in items} > {f"{EDM}String"}:
                yield f"{where} is no collection of texts"
            return
        simple = {"Edm.String": "String", "Edm.Boolean": "Bool", "Core.Tag": "Bool"}
        if declared in simple:
            wanted = simple[declared]
            if holder.get(wanted) is None or len(holder) or set(holder.attrib) - {wanted, "Term", "Property"}:
                yield f"{where} is not written as {wanted}"
            return
        item = self.types[self.full(declared)]
        if item.tag == f"{EDM}EnumType":
            kind, _, member = str(holder.get("EnumMember")).partition("/")
            members = {part.get("Name") for part in item.findall(f"{EDM}Member")}
            if kind != self.full(declared) or member not in members:
                yield f"{where} is no member of {declared}"
            return
        known = self.properties(declared)
        for value in holder.iterfind(f"{EDM}Record/{EDM}PropertyValue"):
            name = str(value.get("Property"))
            if name not in known:
                yield f"{where} has no {name}"
            else:
                yield from self.faults(value, known[name], f"{where}/{name}")


def judged(shared: Path, document: etree._Element) -> tuple[int, list[str]]:
    """How many annotations there are, and what is wrong with them."""
    vocabulary = Vocabulary(shared)
    found: list[str] = []
    annotations = list(document.iter(f"{EDM}Annotation"))
    for note in annotations:
        term = vocabulary.terms.get(note.get("Term"))
        if term is None:
            found.append(f"{note.get('Term')} is no term")
            continue
        element = etree.QName(note.getparent()).localname
        places = (term.get("AppliesTo") or element).split()
        if element not in places:
            found.append(f"{note.get('Term')} does not belong on {element}")
        found.extend(vocabulary.faults(note, term.get("Type"), note.get("Term")))
    return len(annotations), found


@pytest.mark.shared
@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_every_annotation_has_the_term_the_place_and_the_type_of_its_vocabulary(shared: Path, role: str) -> None:
    count, found = judged(shared, tree(role))
    assert found == []
    assert count > 500


@pytest.mark.shared
def test_the_judge_of_annotations_notices_an_enumeration_member_where_a_text_belongs(shared: Path) -> None:
    text = metadata.xml(names("viewer")).replace(
        b'Term="Org.OData.Core.V1.ODataVersions" String="4.0 4.01"',
        b'Term="Org.OData.Core.V1.ODataVersions" EnumMember="Org.OData.Core.V1.Permission/Read"',
    )
    assert judged(shared, etree.fromstring(text))[1] == ["Org.OData.Core.V1.ODataVersions is not written as String"]
