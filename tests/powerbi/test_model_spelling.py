"""How a model is written: TMDL in the very form that Microsoft's serializer gives it, and the same model as JSON.

The expected texts were written by that serializer; `make powerbi-check --only tom` shows that they still are.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from powerbi.audience import AUDIENCES
from powerbi.model import bim, tmdl
from powerbi.model.build import model
from powerbi.model.words import (
    Column,
    Culture,
    DataType,
    Hierarchy,
    Measure,
    Model,
    Parameter,
    Perspective,
    RefreshPolicy,
    Relationship,
    Role,
    Table,
)

audiences = pytest.mark.parametrize("name", AUDIENCES)

NAMES = """
    Areas          Areas
    p50            p50
    24h            24h
    a,b            a,b
    a(b)           a(b)
    fr-CA          fr-CA
    two words      'two words'
    it's           'it''s'
    a.b            'a.b'
    a=b            'a=b'
"""


@pytest.mark.parametrize("line", NAMES.strip().splitlines(), ids=lambda line: line.strip())
def test_a_name_is_quoted_where_it_would_end_too_early(line: str) -> None:
    plain, quoted = re.split(r"\s{2,}", line.strip())
    assert tmdl.name(plain) == quoted


VALUES = [
    ("#,0", "#,0"),
    ('"Q"0', '"Q"0'),
    ('"TRUE";"FALSE"', '"""TRUE"";""FALSE"""'),
    (" lead", '" lead"'),
    ("trail ", '"trail "'),
    ("a: b", "a: b"),
    ("Volume\\Calls", "Volume\\Calls"),
]


@pytest.mark.parametrize(("plain", "written"), VALUES)
def test_a_value_is_quoted_where_its_edges_would_be_lost(plain: str, written: str) -> None:
    assert tmdl.value(plain) == written


@pytest.mark.parametrize("text", ["a \nb", " a", "a\n", "a\n  \nb"])
def test_an_expression_that_would_need_a_fence_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="blanks"):
        tmdl.expression("measure X", text, 3)


def small() -> Model:
    """A model with one of everything."""
    day = Column("Day", DataType.DATE_TIME, "Day", "The day.", key=True, format="yyyy-mm-dd")
    dates = Table(
        "Dates",
        "Days.",
        (day,),
        "let\n    A = 1\nin\n    A",
        time=True,
        hierarchies=(Hierarchy("Days", ("Day",), "All."),),
    )
    calls = Table(
        "Calls",
        "Calls.\nOne row each.",
        (
            Column("Day", DataType.DATE_TIME, "Day", "The day.", hidden=True, format="yyyy-mm-dd"),
            Column("Order", DataType.WHOLE, "Order", "An order.", hidden=True, format="0"),
            Column("At", DataType.DATE_TIME, "At", "When.", format="hh:nn", sort_by="Order", folder="Clocks"),
        ),
        "A",
        measures=(
            Measure("Calls", "Calls", "COUNTROWS('Calls')", "How many.", "Volume", format="#,0"),
            Measure("Calls, it's text", "Calls", 'VAR A = 1\n\nRETURN\n    "x"', "Text.", "Volume", hidden=True),
        ),
        refresh=RefreshPolicy(20, 20),
    )
    captions = (("Dates", None, "Jours"), ("Dates", "Day", "Jour"), ("Dates", "Days", "Jours: tous"))
    calls_captions = (("Calls", None, "Appels"), ("Calls", "At", "À"), ("Calls", "Calls", "Appels"))
    return Model(
        name="Small",
        audience="viewer",
        description="A small model.",
        culture="en-CA",
        parameters=(Parameter("ApiBaseUrl", '"http://127.0.0.1"', "Text", "Where."),),
        tables=(dates, calls),
        relationships=(Relationship("Calls", "Day", "Dates", "Day"),),
        roles=(Role("Staff", "Some.", (("Dates", "TRUE()"), ("Calls", "TRUE()\n    || FALSE()"))),),
        perspectives=(Perspective("All of it", (("Dates", ("Day", "Days")), ("Calls", ("Calls", "At")))),),
        cultures=(Culture("fr-CA", (*captions, *calls_captions), (("Clocks", "Heures"), ("Volume", "Nombre"))),),
    )


EXPECTED = {
    "database.tmdl": """
database Small
>compatibilityLevel: 1601
""",
    "relationships.tmdl": """
relationship *
>fromColumn: Calls.Day
>toColumn: Dates.Day
""",
    "expressions.tmdl": """
/// Where.
expression ApiBaseUrl = "http://127.0.0.1" meta [IsParameterQuery=true, Type="Text", IsParameterQueryRequired=true]
>lineageTag: *

>annotation PBI_ResultType = Text
""",
    "model.tmdl": """
/// A small model.
model Model
>culture: en-CA
>defaultPowerBIDataSourceVersion: powerBI_V3
>discourageImplicitMeasures
>sourceQueryCulture: en-CA
>dataAccessOptions
>>legacyRedirects
>>returnErrorValuesAsNull

annotation __PBI_TimeIntelligenceEnabled = 0

annotation PBI_QueryOrder = ["ApiBaseUrl","Dates","Calls"]

ref table Dates
ref table Calls

ref role Staff

ref perspective 'All of it'

ref cultureInfo fr-CA
""",
    "tables/Dates.tmdl": """
/// Days.
table Dates
>lineageTag: *
>dataCategory: Time

>/// The day.
>column Day
>>dataType: dateTime
>>isKey
>>formatString: yyyy-mm-dd
>>lineageTag: *
>>summarizeBy: none
>>sourceColumn: Day

>>annotation SummarizationSetBy = User

>/// All.
>hierarchy Days
>>lineageTag: *

>>level Day
>>>lineageTag: *
>>>column: Day

>partition Dates = m
>>mode: import
>>source =
>>>>let
>>>>    A = 1
>>>>in
>>>>    A

>annotation PBI_ResultType = Table
""",
    "tables/Calls.tmdl": """
/// Calls.
/// One row each.
table Calls
>lineageTag: *

>refreshPolicy
>>policyType: basic
>>rollingWindowGranularity: year
>>rollingWindowPeriods: 20
>>incrementalGranularity: year
>>incrementalPeriods: 20
>>sourceExpression = A

>/// How many.
>measure Calls = COUNTROWS('Calls')
>>formatString: #,0
>>displayFolder: Volume
>>lineageTag: *

>/// Text.
>measure 'Calls, it''s text' =
>>>VAR A = 1
>>>
>>>RETURN
>>>    "x"
>>isHidden
>>displayFolder: Volume
>>lineageTag: *

>/// The day.
>column Day
>>dataType: dateTime
>>isHidden
>>formatString: yyyy-mm-dd
>>isAvailableInMdx: false
>>lineageTag: *
>>summarizeBy: none
>>sourceColumn: Day

>>annotation SummarizationSetBy = User

>/// An order.
>column Order
>>dataType: int64
>>isHidden
>>formatString: 0
>>lineageTag: *
>>summarizeBy: none
>>sourceColumn: Order

>>annotation SummarizationSetBy = User

>/// When.
>column At
>>dataType: dateTime
>>formatString: hh:nn
>>displayFolder: Clocks
>>lineageTag: *
>>summarizeBy: none
>>sourceColumn: At
>>sortByColumn: Order

>>annotation SummarizationSetBy = User

>partition Calls = m
>>mode: import
>>source = A

>annotation PBI_ResultType = Table
""",
    "roles/Staff.tmdl": """
/// Some.
role Staff
>modelPermission: read

>tablePermission Dates = TRUE()

>tablePermission Calls =
>>>TRUE()
>>>    || FALSE()
""",
    "perspectives/All of it.tmdl": """
perspective 'All of it'

>perspectiveTable Dates

>>perspectiveColumn Day

>>perspectiveHierarchy Days

>perspectiveTable Calls

>>perspectiveMeasure Calls

>>perspectiveColumn At
""",
    "cultures/fr-CA.tmdl": """
cultureInfo fr-CA
>translations
>>model Model
>>>table Dates
>>>>caption: Jours
>>>>column Day
>>>>>caption: Jour
>>>>hierarchy Days
>>>>>caption: Jours: tous
>>>>>level Day
>>>>>>caption: Jour
>>>table Calls
>>>>caption: Appels
>>>>column At
>>>>>caption: À
>>>>>displayFolder: Heures
>>>>measure Calls
>>>>>caption: Appels
>>>>>displayFolder: Nombre
""",
}


@pytest.mark.parametrize("path", EXPECTED)
def test_a_model_with_one_of_everything_in_tmdl(path: str) -> None:
    """`>` stands for a tab, `*` for an identity."""
    written = tmdl.files(small())
    assert written.keys() == EXPECTED.keys()
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "*", written[path].decode())
    assert text.replace("\t", ">") == EXPECTED[path].removeprefix("\n") + "\n"


@audiences
def test_files_are_plain_utf_8_with_tabs_and_one_empty_line_at_their_end(name: str) -> None:
    for path, content in tmdl.files(model(name)).items():
        assert not content.startswith(b"\xef\xbb\xbf") and b"\r" not in content, path
        assert content.endswith(b"\n\n") and not content.endswith(b"\n\n\n"), path
        content.decode("utf-8")


@audiences
def test_every_object_has_an_identity_of_its_own_and_the_two_models_share_none(name: str) -> None:
    tags = {each: identities(each) for each in AUDIENCES}
    assert len(tags[name]) == len(set(tags[name])) > 500
    assert set(tags["viewer"]) & set(tags["analyst"]) == set()


def identities(name: str) -> list[str]:
    return re.findall(r"(?:lineageTag:|^relationship) (\S+)$", all_text(name), re.MULTILINE)


def all_text(name: str) -> str:
    return "\n".join(content.decode() for content in tmdl.files(model(name)).values())


@audiences
def test_both_spellings_say_the_same_expressions_names_and_descriptions(name: str) -> None:
    """TMDL indents them, so the text is compared without the indent."""
    plain = re.sub(r"^\t+(/// )?", "", all_text(name), flags=re.MULTILINE)
    document = bim.document(model(name))
    expressions = list(said(document, "expression")) + list(said(document, "filterExpression"))
    assert len(expressions) > 50
    assert [text for text in expressions if text not in plain] == []
    filters = [dict(role.filters) for role in model(name).roles]
    assert said(document, "filterExpression") == [dax for role in filters for dax in role.values()]
    assert [text for text in said(document, "translatedCaption") if f"caption: {text}\n" not in plain] == []
    assert [text for text in said(document, "lineageTag") if text not in plain] == []


def said(value: Any, key: str) -> list[str]:
    """Every value of a key in a JSON document, lists of lines as one text."""
    if isinstance(value, list):
        return [text for item in value for text in said(item, key)]
    if not isinstance(value, dict):
        return []
    own = value.get(key)
    lines = own if isinstance(own, list) else [own]
    here = ["\n".join(lines)] if own is not None and all(isinstance(line, str) for line in lines) else []
    return here + [text for item in value.values() for text in said(item, key)]


@audiences
def test_the_json_document_is_a_database_with_a_name(name: str) -> None:
    """Desktop refuses a template whose database has none."""
    document = json.loads(bim.text(model(name)))
    assert document["name"] == model(name).name != ""
    assert document["compatibilityLevel"] == 1601
    assert document["model"]["defaultPowerBIDataSourceVersion"] == "powerBI_V3"
    assert document["model"]["culture"] == "en-CA"
