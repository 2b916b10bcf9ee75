"""Who gets in and who sees what: every route, every way to sign in, every cell of role x view, over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from lxml import etree

from api.observe import AccessRefused, RequestDone
from api.routes.guard import OPEN_ROUTES, Guarded, actions_of
from models.catalogue import CATALOGUE
from models.catalogue.types import Scope, View
from tests.helpers.service import AREA, SCOPED, Service

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
GUARDED_SITE = {
    "GET /metrics": {"refresh-runs", "admin"},
    "GET /v1/refresh-runs": {"refresh-runs", "admin"},
    "POST /v1/refresh-runs": {"refresh-runs"},
    "GET /v1/refresh-runs/{run_id}": {"refresh-runs", "admin"},
    "DELETE /v1/refresh-runs/{run_id}": {"refresh-runs"},
}


# --- every route ------------------------------------------------------------------------------------------------------


def test_every_route_is_guarded_or_open_by_name_with_a_reason(service: Service) -> None:
    """Walks the mounted apps and the FastAPI site: a route that nobody thought about fails here."""
    switch = service.app._app  # type: ignore[attr-defined]
    for app in switch.mounts.values():  # guarded by their one entrance, which none of them has replaced
        assert isinstance(app, Guarded)
        assert type(app).__call__ is Guarded.__call__
    routes = list(switch.site.routes)
    assert all(isinstance(route, APIRoute) for route in routes), "no mounts, no FastAPI documentation pages"
    found: dict[str, set[str]] = {}
    for route in routes:
        guards = [actions_of(dependency.call) for dependency in route.dependant.dependencies]
        for method in route.methods:
            found[f"{method} {route.path}"] = {action for actions in guards for action in actions}
    unguarded = {way for way, actions in found.items() if not actions}
    assert unguarded == {f"GET {path}" for path in OPEN_ROUTES}
    assert all(len(reason) > 20 for reason in OPEN_ROUTES.values())
    assert {way: actions for way, actions in found.items() if actions} == GUARDED_SITE


def urls() -> list[str]:
    data = [f"/odata/v1/{path}" for path in ("", "$metadata", "$batch", "nothing", "a/b/c", *CATALOGUE.views)]
    files = [f"/v1/views/{name}.csv" for name in CATALOGUE.views]
    files += ["/v1/powerbi", "/v1/powerbi/", "/v1/powerbi/viewer/CrisisMetricsViewer.pbit", "/v1/powerbi/x"]
    return ["/odata/v1", *data, "/v1/views", "/v1/views/", *files, "/v1/refresh-runs", f"/v1/refresh-runs/{32 * '0'}"]


def test_without_a_key_every_data_address_answers_the_same_challenge(service: Service) -> None:
    answers = service.get_all([(url, None) for url in urls()])
    assert {answer.status_code for answer in answers} == {401}
    assert len({re.sub(r"[0-9a-f]{24}", "ID", answer.text) for answer in answers}) == 1
    assert all(answer.headers.get_list("www-authenticate") == CHALLENGE for answer in answers)


def test_open_routes_need_no_key_and_show_no_figures(service: Service) -> None:
    for path in OPEN_ROUTES:
        assert service.get(path).status_code == 200, path


def test_what_does_not_exist_is_not_found(service: Service) -> None:
    for path in ("/nothing", "/odata", "/odata/v2/", "/docs/x", "/redoc", "/static/x", "/odata%2Fv1/"):
        answer = service.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound"), path


# --- ways to sign in --------------------------------------------------------------------------------------------------

CHALLENGE = [
    "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize",
    'Basic realm="Crisis Metrics", charset="UTF-8"',
]


def test_a_key_works_as_basic_bearer_and_header(service: Service) -> None:
    login = service.logins["viewer"]
    bodies = {
        service.get("/odata/v1/", "viewer").content,
        service.get("/odata/v1/", headers={"Authorization": f"Bearer {login.token}"}).content,
        service.get("/odata/v1/", headers={"X-API-Key": login.token}).content,
    }
    assert len(bodies) == 1


def test_an_empty_bearer_token_is_a_question_and_the_challenge_its_answer(service: Service) -> None:
    for header in ("Bearer", "Bearer ", "bearer", "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"):
        answer = service.get("/odata/v1/", headers={"Authorization": header})
        assert answer.status_code == 401
        assert answer.headers.get_list("www-authenticate") == CHALLENGE


def test_every_refused_key_is_refused_in_the_same_words(service: Service) -> None:
    viewer = service.logins["viewer"]
    wrong = [
        service.logins["expired"].basic,
        service.logins["revoked"].basic,
        (viewer.key_id, service.logins["lead"].secret),
        (viewer.key_id, ""),
        (viewer.key_id, viewer.secret + "x"),
        ("cm_doesnotexist", viewer.secret),
        ("", ""),
        ("ü\u0000", "🚑"),
    ]
    texts = set()
    for user, password in wrong:
        answer = service.get("/odata/v1/Areas", auth=(user.encode(), password.encode()))
        assert answer.status_code == 401
        texts.add(re.sub(r"[0-9a-f]{24}", "ID", answer.text))
    assert len(texts) == 1


def test_a_key_in_the_url_is_refused_and_never_shown(service: Service) -> None:
    secret = service.logins["viewer"].secret
    service.seen.clear()
    for query in (f"api_key={secret}", f"x={secret}", "access_token=swordfish", f"$filter=AreaId eq '{secret}'"):
        answer = service.get(f"/odata/v1/Areas?{query}", "viewer")  # also with a good key beside it
        assert answer.status_code == 401
        assert any(line.startswith("Basic ") for line in answer.headers.get_list("www-authenticate"))
        assert "URL" in answer.text
        assert secret not in answer.text + str(answer.headers)
    assert secret not in str(service.seen)
    assert "swordfish" not in str(service.seen)  # no word that could stand in a request id
    assert sum(isinstance(seen, AccessRefused) for seen in service.seen) == 4


def test_an_unknown_option_is_tolerated_everywhere_and_never_copied_into_a_link(service: Service) -> None:
    for path in ("", "$metadata", "Areas", "Areas/$count"):
        assert service.get(f"/odata/v1/{path}?custom=1&utm=x", "viewer").status_code == 200
    page = service.get("/odata/v1/DailyCalls?custom=mine", "viewer", headers={"Prefer": "maxpagesize=5"}).json()
    assert "custom" not in page["@odata.nextLink"]


def test_credentials_over_plain_http_are_refused_off_loopback(service: Service) -> None:
    for who in ("viewer", None):
        answer = service.get("http://192.0.2.1/odata/v1/Areas", who)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "InsecureTransport")
        assert "www-authenticate" not in answer.headers  # an invitation to send a secret in the clear
    assert service.get("https://192.0.2.1/odata/v1/Areas", "viewer").status_code == 200
    assert service.get("http://192.0.2.1/healthz").status_code == 200
    answer = service.get("/odata/v1/Areas", "viewer", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 403  # a proxy that nobody declared stands between


def test_small_routes_ask_for_the_action_of_a_role(service: Service) -> None:
    for role in CATALOGUE.roles:
        runs = service.get("/v1/refresh-runs", role)
        counters = service.get("https://192.0.2.1/metrics", role)
        assert runs.status_code == (200 if role in ("refresh", "admin") else 403), role
        assert counters.status_code == (200 if role in ("refresh", "admin") else 403), role
    assert service.get("/metrics").status_code == 200  # on this machine
    assert service.get("https://192.0.2.1/metrics").status_code == 401


# --- role x view ------------------------------------------------------------------------------------------------------

WHO = [*CATALOGUE.roles, SCOPED]


def may(who: str, view: View) -> bool:
    """The access matrix in words: the view names the role, and a restricted caller's areas can be applied to it."""
    role = "lead" if who == SCOPED else who
    return role in view.roles and (who != SCOPED or view.area is not None or view.scope is Scope.OPEN)


@pytest.mark.parametrize("who", WHO)
def test_each_cell_of_the_matrix_over_http(service: Service, who: str) -> None:
    views = list(CATALOGUE.views.values())
    asked = [f"/odata/v1/{view.name}" for view in views] + [f"/v1/views/{view.name}.json" for view in views]
    answers = service.get_all([(url, who) for url in asked])
    expected = [200 if may(who, view) else 404 for view in views] * 2
    assert dict(zip(asked, [answer.status_code for answer in answers], strict=True)) == dict(
        zip(asked, expected, strict=True)
    )


@pytest.mark.parametrize("who", WHO)
def test_documents_name_what_the_caller_may_read_and_nothing_else(service: Service, who: str) -> None:
    mine = {view.name for view in CATALOGUE.views.values() if may(who, view)}
    listed = service.get("/odata/v1/", who).json()["value"]
    assert {entry["name"] for entry in listed} == mine
    metadata = service.get("/odata/v1/$metadata", who, headers={"Accept": "application/xml"})
    tree = etree.fromstring(metadata.content)
    assert {node.get("Name") for node in tree.iter(f"{EDM}EntitySet")} == mine
    assert {node.get("Name") for node in tree.iter(f"{EDM}EntityType")} == {
        CATALOGUE.views[name].entity for name in mine
    }
    pointed = {node.get("Type").rpartition(".")[2] for node in tree.iter(f"{EDM}NavigationProperty")}
    assert pointed <= {CATALOGUE.views[name].entity for name in mine}


@pytest.mark.parametrize("who", WHO)
def test_rows_have_exactly_the_columns_of_the_metadata(service: Service, who: str) -> None:
    tree = etree.fromstring(service.get("/odata/v1/$metadata", who, headers={"Accept": "application/xml"}).content)
    declared = {
        node.get("Name"): [child.get("Name") for child in node.iter(f"{EDM}Property")]
        for node in tree.iter(f"{EDM}EntityType")
    }
    views = [view for view in CATALOGUE.views.values() if may(who, view)]
    for view, answer in zip(
        views, service.get_all([(f"/odata/v1/{view.name}?$top=3", who) for view in views]), strict=True
    ):
        assert declared[view.entity] == [column.name for column in view.columns]
        for row in answer.json()["value"]:
            assert list(row) == declared[view.entity]


@pytest.mark.parametrize("view", [view for view in CATALOGUE.views.values() if may(SCOPED, view)], ids=lambda v: v.name)
def test_a_scoped_key_sees_rows_of_its_area_only(service: Service, view: View) -> None:
    rows = service.get(f"/odata/v1/{view.name}", SCOPED).json()["value"]
    every = service.get(f"/odata/v1/{view.name}", "lead").json()["value"]
    mine = [row for row in every if view.area is None or row[view.area] == AREA]
    assert rows == mine
    count = service.get(f"/odata/v1/{view.name}/$count", SCOPED)
    assert int(count.text.lstrip("\ufeff")) == len(mine)


def test_forbidden_and_unknown_look_the_same(service: Service) -> None:
    def shape(answer: Any, name: str) -> str:
        text = answer.text.replace(name, "NAME")
        return re.sub(r"[0-9a-f]{24}", "ID", text)

    for url in ("/odata/v1/{}", "/odata/v1/{}(1)", "/odata/v1/{}/$count", "/v1/views/{}.csv"):
        forbidden = service.get(url.format("Incidents"), "viewer")
        unknown = service.get(url.format("Incidentz"), "viewer")
        assert forbidden.status_code == unknown.status_code == 404
        assert shape(forbidden, "Incidents") == shape(unknown, "Incidentz")


def test_the_log_names_the_key_and_the_route_of_every_request(service: Service) -> None:
    service.seen.clear()
    service.get("/odata/v1/DailyCalls?$filter=AreaId eq '001'", "viewer")
    service.get("/healthz")
    done = [seen for seen in service.seen if isinstance(seen, RequestDone)]
    assert [(seen.route, seen.target, seen.status, seen.key_id) for seen in done] == [
        ("odata", "/odata/v1/DailyCalls?$filter", 200, service.logins["viewer"].key_id),
        ("/healthz", "/healthz", 200, None),
    ]


def test_a_packed_answer_that_the_client_has_is_not_sent_again(service: Service) -> None:
    first = service.get("/odata/v1/DailyCalls", "viewer", headers={"Accept-Encoding": "gzip"})
    assert first.headers["etag"].endswith('-gzip"')
    plain = service.get("/odata/v1/DailyCalls", "viewer", headers={"Accept-Encoding": "identity"})
    assert plain.headers["etag"] != first.headers["etag"]
    assert plain.content == first.content
    for tag in (first.headers["etag"], plain.headers["etag"]):
        again = service.get("/odata/v1/DailyCalls", "viewer", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
    other = service.get("/odata/v1/DailyCalls", SCOPED, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
