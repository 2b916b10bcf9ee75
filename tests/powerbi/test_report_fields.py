"""What the reports read is in the model of their audience, and what is missing is named with the visual that would break."""

from __future__ import annotations

import json

import pytest

from models.catalogue import CATALOGUE
from powerbi.audience import AUDIENCES
from powerbi.model import tmdl
from powerbi.model.build import model
from powerbi.report import pbir, report
from powerbi.report.pages import EXTRA
from powerbi.report.reading import Reference, documents, drawn, references
from tests.powerbi import report_fields
from tests.powerbi.report_fields import dangling

audiences = pytest.mark.parametrize("audience", AUDIENCES)
RECORDS = {view.name for view in CATALOGUE.views.values() if view.group == "records"}


def parts(audience: str) -> dict[str, bytes]:
    return pbir.parts(report(audience))


def known(audience: str) -> frozenset[Reference]:
    """As the TMDL files say it: what the engine will know."""
    return report_fields.known({path: content.decode() for path, content in tmdl.files(model(audience)).items()})


def test_the_model_is_read_from_its_files_as_it_was_built() -> None:
    built = model("analyst")
    wanted = {("Column", table.name, each.name) for table in built.tables for each in table.columns}
    wanted |= {("Measure", table.name, each.name) for table in built.tables for each in table.measures}
    wanted |= {("Hierarchy", table.name, each.name) for table in built.tables for each in table.hierarchies}
    assert known("analyst") == wanted


@audiences
def test_every_field_exists_in_the_model(audience: str) -> None:
    assert dangling(parts(audience), known(audience)) == []


@audiences
def test_fields_are_seen_wherever_they_stand(audience: str) -> None:
    """The walk over the JSON finds exactly what the declarations name: nothing is checked in vain."""
    declared = {field for page in report(audience).pages for visual in page.visuals for field in visual.fields()}
    declared |= {field for page in report(audience).pages for field in page.drill}
    walked = {each for document in documents(parts(audience)).values() for each in references(document)}
    assert walked == {("Measure" if field.measure else "Column", field.table, field.name) for field in declared}


def test_the_viewer_report_reads_no_record_level_table() -> None:
    read = {table for document in documents(parts("viewer")).values() for _, table, _ in references(document)}
    assert read & RECORDS == set()
    analyst = {table for document in documents(parts("analyst")).values() for _, table, _ in references(document)}
    assert analyst & RECORDS == {"Calls", "Incidents"}


def test_the_records_page_in_the_viewer_report_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRA, "viewer", EXTRA["analyst"])
    found = dangling(parts("viewer"), known("viewer"))
    assert any(text.startswith("page Records, Calls of 28 days, newest first") for text in found)
    assert any("no table Calls (for Calls[CallId]) in the model" in text for text in found)


def test_a_field_pointed_at_nothing_is_found_and_the_message_names_the_visual() -> None:
    made = parts("viewer")
    path = next(each.path for each in drawn(made) if "Calls that reached each stage" in each.called)
    made[path] = made[path].replace(b'"Calls reaching stage"', b'"Calls passing stage"')
    (found,) = dangling(made, known("viewer"))
    assert found.startswith("page Response performance, Calls that reached each stage, 28 days (")
    assert found.endswith("no measure DailyFunnel[Calls passing stage] in the model")


def test_a_renamed_metric_renames_what_pages_show_and_an_old_report_names_every_visual_that_would_break() -> None:
    """The committed report of yesterday against the model of today, in which a measure goes by another name."""
    made = parts("viewer")
    gone = ("Measure", "DailyCalls", f"{CATALOGUE.metrics['dispatch_rate'].name}, yesterday status")
    found = dangling(made, known("viewer") - {gone})
    assert [text.partition(" (")[0] for text in found] == ["page Situation, Dispatch rate"]


@audiences
def test_a_visual_is_sorted_by_what_it_shows(audience: str) -> None:
    for page in report(audience).pages:
        for visual in page.visuals:
            shown = {(field.table, field.name) for well in visual.wells for field in well.fields}
            assert {(each.field.table, each.field.name) for each in visual.sort} <= shown, (page.key, visual.key)


@audiences
def test_formatting_points_at_fields_that_the_visual_shows(audience: str) -> None:
    for visual in drawn(parts(audience)):
        shown = {each["queryRef"] for each in visual.projected()}
        text = json.dumps(visual.document["visual"]["objects"])
        named = {part.partition('"')[0] for part in text.split('"metadata": "')[1:]}
        assert named <= shown, visual.called


@audiences
def test_a_field_stands_once_in_a_visual(audience: str) -> None:
    for visual in drawn(parts(audience)):
        shown = [each["queryRef"] for each in visual.projected()]
        captions = [each.get("displayName", each["nativeQueryRef"]) for each in visual.projected()]
        assert len(shown) == len(set(shown)), visual.called
        assert len(captions) == len(set(captions)), visual.called


def test_a_selection_that_reaches_some_visuals_names_visuals_of_its_page() -> None:
    for page in report("analyst").pages:
        keys = {visual.key for visual in page.visuals}
        for visual in page.visuals:
            assert set(visual.reaches or ()) <= keys - {visual.key}, (page.key, visual.key)


def test_every_metric_of_the_catalogue_is_on_some_page() -> None:
    """The funnel (D6) is shown by what its rows say: calls reaching a stage, calls lost there."""
    shown = {field.name for page in report("viewer").pages for visual in page.visuals for field in visual.fields()}
    shown |= {CATALOGUE.metrics["eligibility_funnel"].name} if "Calls lost at stage" in shown else set()
    missing = [
        metric.number for metric in CATALOGUE.metrics.values() if not any(n.startswith(metric.name) for n in shown)
    ]
    assert missing == []


def test_a_page_has_each_visual_once_and_its_phone_page_names_visuals_of_it() -> None:
    for page in report("analyst").pages:
        keys = [visual.key for visual in page.visuals]
        assert len(keys) == len(set(keys)), page.key
        assert {item.key for item in page.phone} <= set(keys), page.key
