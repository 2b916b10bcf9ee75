"""The interface page at /docs: addresses, query options, ways to send a key, limits and error codes.

Generated from the same values that the service runs on; loads nothing from elsewhere. Called by api.routes.pages.
"""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

from api.exports import templates
from api.exports.formats import FORMATS
from api.routes.guard import OPEN_ROUTES
from api.routes.html import code, page, table
from api.routes.openapi_parts import OPTIONS as DESCRIBED
from models.catalogue import CATALOGUE
from models.errors import AccessError, CrisisError, RequestError, Unavailable, all_errors
from models.settings import ApiSettings

LIMITS = (
    "max_url_length",
    "max_nodes",
    "max_depth",
    "page_size",
    "max_page_size",
    "max_export_rows",
    "query_seconds",
    "queries_in_flight",
    "requests_per_minute",
    "batch_requests",
    "batch_bytes",
    "batch_seconds",
)
GUARDED = {
    "/odata/v1/": "OData service document: the views that your key may read",
    "/odata/v1/$metadata": "their columns and types (XML; JSON with Accept: application/json)",
    "/odata/v1/<View>": "rows of a view, page by page; follow @odata.nextLink",
    "/odata/v1/<View>/$count": "number of rows",
    "/odata/v1/<View>(<key>)": "one row",
    "/odata/v1/$batch": "several of these at once: POST, multipart/mixed or JSON",
    "/v1/views/<View>.<format>": "a whole view as a file: " + ", ".join(FORMATS),
    f"{templates.PREFIX}/": "the Power BI templates for your key, with this address set: JSON, one line a file",
    f"{templates.PREFIX}/<audience>/<Model>.<format>": "a template: " + ", ".join(templates.KINDS),
    "/v1/refresh-runs": "how the last refreshes went (roles refresh and admin); POST asks for one (role refresh)",
    "/v1/refresh-runs/<id>": "one of them, step by step; DELETE asks that it does not go on (role refresh)",
    "/metrics": "counters for Prometheus (on this machine, or roles refresh and admin)",
}
OPTIONS = {name: says for name, place, says, _ in DESCRIBED.values() if place == "query" and name.startswith("$")}


def docs_page(root: str, settings: ApiSettings) -> HTMLResponse:
    """The page for clients that reach us under `root` (absolute, ends in `/`)."""
    body = "\n".join(
        (
            "<h1>Interface</h1>",
            '<p><a href="./">Start page</a> · <a href="openapi.json">OpenAPI description</a></p>',
            "<h2>Addresses</h2>",
            table("With a key", ("Address", "What it gives"), _rows(GUARDED)),
            table("Without a key, and why", ("Address", "Reason"), _rows(OPEN_ROUTES)),
            "<h2>Query options</h2>",
            "<p>With or without <code>$</code>; unknown options are ignored, except those that look like a key.</p>",
            table("Options", ("Option", "What it does"), _rows(OPTIONS)),
            code(f"{root}odata/v1/DailyCalls?$filter=OperationalDate ge 2026-01-01&$select=OperationalDate,CallCount"),
            "<h2>Sending a key</h2>",
            code(
                "curl -u KEY_ID:SECRET ...                               Basic: Power BI, Excel\n"
                "curl -H 'Authorization: Bearer KEY_ID.SECRET' ...       Bearer\n"
                "curl -H 'X-API-Key: KEY_ID.SECRET' ...                  header"
            ),
            "<p>Over https; plain HTTP takes keys on the loopback address alone. Never put a key into an address.</p>",
            "<h2>Limits</h2>",
            table("In force here", ("Setting", "Value", "Meaning"), _limits(settings)),
            "<h2>Errors</h2>",
            "<p>Every error has one shape; <code>code</code> is stable, <code>hint</code> is the next step.</p>",
            table("Codes", ("Code", "Status", "Next step"), _errors()),
            "<h2>Roles</h2>",
            table("Who reads what", ("Role", "Meaning", "Views"), _roles()),
        )
    )
    return page("Crisis Metrics: interface", body)


def _rows(pairs: dict[str, str]) -> list[tuple[str, str]]:
    return [(f"<code>{escape(name)}</code>", escape(text)) for name, text in pairs.items()]


def _limits(settings: ApiSettings) -> list[tuple[str, str, str]]:
    fields = type(settings).model_fields
    return [
        (f"CRISIS_{name.upper()}", f"{getattr(settings, name):,}", escape(fields[name].description or ""))
        for name in LIMITS
    ]


def _errors() -> list[tuple[str, str, str]]:
    kinds: tuple[type[CrisisError], ...] = (RequestError, AccessError, Unavailable)
    shown = [kind for kind in all_errors() if issubclass(kind, kinds)]
    return [(kind.code, str(kind.status), escape(kind.default_hint)) for kind in shown]


def _roles() -> list[tuple[str, str, str]]:
    return [
        (escape(role.title), escape(role.description), str(len(CATALOGUE.readable(role.name))))
        for role in CATALOGUE.roles.values()
    ]
