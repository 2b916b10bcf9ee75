"""Power BI templates over HTTP: who gets which, that the address of the service is in them, one audit event each."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from api.exports.templates import KINDS, offered
from models.catalogue import CATALOGUE
from powerbi.audience import AUDIENCES
from powerbi.package import project
from powerbi.package.inspection import examine
from tests.helpers.service import ROOT, SCOPED, Service, running

VIEWER = "/v1/powerbi/viewer/CrisisMetricsViewer"
ANALYST = "/v1/powerbi/analyst/CrisisMetricsAnalyst"

ACCESS = """
who     | viewer | analyst
viewer  | 200    | 404
lead    | 200    | 404
SCOPED  | 200    | 404
analyst | 200    | 200
refresh | 404    | 404
admin   | 404    | 404
nobody  | 401    | 401
expired | 401    | 401
"""


@pytest.mark.parametrize("line", ACCESS.strip().splitlines()[1:])
def test_a_role_gets_the_templates_whose_every_view_it_reads(service: Service, line: str) -> None:
    who, *expected = (cell.strip() for cell in line.split("|"))
    login = {"SCOPED": SCOPED, "nobody": None}.get(who, who)
    for stem, status in zip((VIEWER, ANALYST), map(int, expected), strict=True):
        for extension in KINDS:
            answer = service.get(f"{stem}.{extension}", login)
            assert answer.status_code == status, extension
            assert status == 200 or "CrisisMetrics" not in answer.text
    if login in CATALOGUE.roles:
        reads = {view.name for view in CATALOGUE.readable(str(login))}
        for audience in offered(str(login)):
            assert {view.name for view in audience.views()} <= reads


def test_the_list_names_what_the_key_gets_and_every_address_in_it_answers(service: Service) -> None:
    for who, audiences in (("viewer", {"viewer"}), ("analyst", {"viewer", "analyst"}), ("refresh", set())):
        for path in ("/v1/powerbi", "/v1/powerbi/"):
            files = service.get(path, who).json()["files"]
            assert {each["audience"] for each in files} == audiences
            assert len(files) == len(audiences) * len(KINDS)
        for each in files:
            assert each["url"].startswith(f"{ROOT}/v1/powerbi/")
            assert service.get(each["url"].removeprefix(ROOT), who).status_code == 200


@pytest.mark.parametrize("public", [None, "https://metrics.city.example", "https://city.example/crisis/"])
def test_the_address_in_a_template_is_the_one_under_which_clients_reach_the_service(
    ready_home: Path, public: str | None
) -> None:
    base = (public or ROOT).rstrip("/")
    with running(ready_home, public_url=public) as served:
        packed = served.get(f"{VIEWER}.pbit", "viewer").content
        schema = json.loads(zipfile.ZipFile(io.BytesIO(packed)).read("DataModelSchema").decode("utf-16-le"))
        said = {each["name"]: each["expression"] for each in schema["model"]["expressions"]}["ApiBaseUrl"]
        assert re.match(r'"([^"]*)" meta ', said)[1] == base  # type: ignore[index]
        assert served.get(f"{VIEWER}.pbids", "viewer").json()["connections"][0]["details"]["address"] == {
            "url": f"{base}/odata/v1"
        }
        assert f"{base}/odata/v1" in served.get(f"{VIEWER}.odc", "viewer").text
        assert packed == project("viewer", base)["CrisisMetricsViewer.pbit"]


def test_the_zip_is_the_project_in_a_folder_and_has_no_fault_but_what_the_files_have(service: Service) -> None:
    for stem, audience in ((VIEWER, "viewer"), (ANALYST, "analyst")):
        packed = zipfile.ZipFile(io.BytesIO(service.get(f"{stem}.zip", "analyst").content))
        model = AUDIENCES[audience].model
        assert all(name.startswith(f"{model}/") for name in packed.namelist())
        files = {name.removeprefix(f"{model}/"): packed.read(name) for name in packed.namelist()}
        made = {path: content for path, content in project(audience, ROOT).items() if not path.endswith(".pbit")}
        assert files == made
        assert examine(files, audience).address == ROOT


def test_a_download_is_named_typed_and_known_again(service: Service) -> None:
    for extension, (media, _) in KINDS.items():
        answer = service.get(f"{VIEWER}.{extension}", "lead")
        assert answer.headers["content-type"] == media
        assert answer.headers["content-disposition"] == f'attachment; filename="CrisisMetricsViewer.{extension}"'
        tag = answer.headers["etag"]
        again = service.get(f"{VIEWER}.{extension}", "lead", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        refused = service.get(f"{VIEWER}.{extension}", "lead", headers={"If-Match": '"x"'})
        assert refused.status_code == 412


REFUSED = """
url                                        | status | code
/v1/powerbi/viewer                         | 404    | NotFound
/v1/powerbi/viewer/                        | 404    | NotFound
/v1/powerbi/viewer/CrisisMetricsViewer     | 404    | NotFound
/v1/powerbi/viewer/CrisisMetricsViewer.exe | 404    | NotFound
/v1/powerbi/viewer/CrisisMetricsAnalyst.pbit | 404  | NotFound
/v1/powerbi/viewer/../../etc.pbit          | 404    | NotFound
/v1/powerbi/lead/CrisisMetricsViewer.pbit  | 404    | NotFound
/v1/powerbi/viewer/parameter.yml           | 404    | NotFound
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines()[1:])
def test_what_is_no_template_is_not_found_with_a_next_step(service: Service, line: str) -> None:
    url, status, code = (cell.strip() for cell in line.split("|"))
    answer = service.get(url, "analyst")
    assert (answer.status_code, answer.json()["error"]["code"]) == (int(status), code)


def test_only_reading_is_offered(service: Service) -> None:
    assert service.get(f"{VIEWER}.pbit", "viewer", method="POST").status_code == 405
    head = service.get(f"{VIEWER}.pbit", "viewer", method="HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(service.get(f"{VIEWER}.pbit", "viewer").content)


def test_each_download_leaves_one_event_that_names_the_template(service: Service) -> None:
    for url, who, outcome, shape in (
        (f"{VIEWER}.pbit", "viewer", "answered", "template viewer/CrisisMetricsViewer.pbit"),
        (f"{ANALYST}.pbit", "viewer", "NotFound", None),
        ("/v1/powerbi/", "analyst", "answered", "templates"),
    ):
        before = len(service.audit())
        service.get(url, who)
        (event,) = service.audit()[before:]
        assert (event["route"], event["role"], event["outcome"], event["shape"]) == ("powerbi", who, outcome, shape)
        assert event["target"].startswith(url.rpartition(".")[0].rstrip("/") or "/v1/powerbi")


def test_the_start_page_links_the_template_of_each_audience(service: Service) -> None:
    page = service.get("/").text
    for stem in (VIEWER, ANALYST):
        assert f'href="{stem.removeprefix("/")}.pbit"' in page
    assert "/v1/powerbi/" in service.get("/docs").text


def test_the_interface_description_has_every_template(service: Service) -> None:
    paths = service.get("/openapi.json").json()["paths"]
    own = {path for path in paths if path.startswith("/v1/powerbi/")}
    files = {f"{stem}.{extension}" for stem in (VIEWER, ANALYST) for extension in KINDS}
    assert own == {"/v1/powerbi/", *files}
    for path in own:
        answer = service.get(path, "analyst")
        (media,) = paths[path]["get"]["responses"]["200"]["content"]
        assert answer.headers["content-type"].partition(";")[0] == media
