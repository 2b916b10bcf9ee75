"""The start page: version, freshness, what the views and figures mean, and how to connect. Definitions, no figures.

Generated from the catalogue and the state of the moment; works without scripts. Called by api.routes.pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse

from api.exports import templates
from api.freshness import Doubt, Freshness
from api.routes.html import code, facts, page, table
from models.catalogue import CATALOGUE
from models.catalogue.types import Metric, View
from powerbi.audience import AUDIENCES

GROUPS = {
    "dimensions": "Dimensions",
    "facts": "Daily figures",
    "items": "Open work",
    "records": "Records (pseudonymous, analysts only)",
    "trust": "Trust",
}


def start_page(root: str, version: str, zone: str, fresh: Freshness) -> HTMLResponse:
    """The page for clients that reach us under `root` (absolute, ends in `/`)."""
    sections = (
        "<h1>Crisis Metrics</h1>",
        "<p>Daily critical-incident figures for the community crisis team, as OData, files and Power BI.</p>",
        _state(version, zone, fresh),
        _connect(f"{root}odata/v1/", root),
        _views(),
        _metrics(),
        _further(),
    )
    return page("Crisis Metrics", "\n".join(sections))


def _state(version: str, zone: str, fresh: Freshness) -> str:
    notices = []
    if fresh.synthetic:
        notices.append(
            '<p class="notice"><strong>Synthetic data.</strong> This is a demonstration: none of it happened.</p>'
        )
    if fresh.stale:
        notices.append(f'<p class="notice" role="status"><strong>Stale:</strong> {escape(fresh.reason or "")}.</p>')
    notices.extend(_doubts("What kept the last refresh back", fresh.run.blocked))
    pairs = [
        ("Service", f"version {escape(version)}, definitions {escape(CATALOGUE.version)}"),
        ("Figures as of", _moment(fresh.as_of, zone)),
        ("Published", _moment(fresh.published_at, zone)),
        ("Snapshot", f"<code>{escape(fresh.version)}</code>" if fresh.version else "none yet"),
        ("Last refresh", escape(CATALOGUE.codes["run_outcome"].labels().get(fresh.run.outcome, fresh.run.outcome))),
        ("Stale since", _moment(fresh.stale_since, zone) if fresh.stale else "fresh"),
    ]
    if fresh.attribution:
        pairs.append(("Sources", escape(fresh.attribution)))
    doubts = _doubts("What the checks of these figures found", fresh.warned)
    return "\n".join([*notices, '<h2 id="state">State</h2>', facts(pairs), *doubts])


def _doubts(title: str, doubts: Sequence[Doubt]) -> list[str]:
    """A table of checks that did not simply pass, where there are any."""
    rows = (
        (
            f"{escape(doubt.title)} (<code>{escape(doubt.check)}</code>)",
            escape(doubt.detail),
            escape(doubt.next_step),
        )
        for doubt in doubts
    )
    return [table(title, ("Check", "Found", "Next step"), rows)] if doubts else []


def _connect(feed: str, root: str) -> str:
    safe = escape(feed)
    return f"""<h2 id="connect">Connect</h2>
<p>You need a key: an id (<code>cm_…</code>) and a secret (<code>cms_…</code>). Ask the administrator for one.
Never put the secret into an address.</p>
<h3>Power BI: ready-made report</h3>
<ol><li>Download the template: {_template_links()}. The browser asks for your key: user name = key id.</li>
<li>Open it with Power BI Desktop and leave every parameter as it is: this address is already in it.</li>
<li>Choose <strong>Basic</strong>. User name = key id, password = secret; level: <code>{escape(root)}</code></li></ol>
<h3>Power BI: your own report</h3>
<ol><li>Home &gt; Get data &gt; OData feed.</li><li>URL: <code>{safe}</code></li>
<li>Choose <strong>Basic</strong>. User name = key id, password = secret; level: <code>{safe}</code></li>
<li>Choose the tables, then Load.</li></ol>
<h3>Excel</h3>
<ol><li>Data &gt; Get Data &gt; From Other Sources &gt; From OData Feed.</li><li>URL: <code>{safe}</code></li>
<li>Choose <strong>Basic</strong>. User name = key id, password = secret.</li>
<li>Choose the tables, then Load.</li></ol>
<h3>Command line</h3>
{code(f"curl -u KEY_ID:SECRET '{feed}DailyCalls?$top=5'")}
{code(f"curl -u KEY_ID:SECRET -o calls.csv '{root}v1/views/DailyCalls.csv'")}
<h3>Python</h3>
{code(_python(root))}"""


def _template_links() -> str:
    """One for each audience; a key opens those that its role may have."""
    return ", ".join(
        f'<a href="{templates.PREFIX.lstrip("/")}/{each.name}/{each.model}.pbit">{escape(each.name)}</a>'
        for each in AUDIENCES.values()
    )


def _python(root: str) -> str:
    return f"""import io, httpx, pandas

answer = httpx.get("{root}v1/views/DailyCalls.csv", auth=("KEY_ID", "SECRET"), timeout=60)
answer.raise_for_status()
calls = pandas.read_csv(io.BytesIO(answer.content), parse_dates=["OperationalDate"], dtype={{"AreaId": str}})"""


def _views() -> str:
    parts = ['<h2 id="views">Views</h2>', "<p>Which of them you can read depends on the role of your key.</p>"]
    for group in dict.fromkeys([*GROUPS, *(view.group for view in CATALOGUE.views.values())]):
        views = [view for view in CATALOGUE.views.values() if view.group == group]
        title = GROUPS.get(group, group.capitalize())
        parts.append(table(title, ("View", "What it holds", "Columns", "Read by"), map(_view, views)))
    return "\n".join(parts)


def _view(view: View) -> tuple[str, ...]:
    columns = "".join(
        f"<dt><code>{escape(column.name)}</code></dt><dd>{escape(column.description)}</dd>"
        for column in view.columns
        if not column.hidden
    )
    return (
        f'<span id="{view.name}">{escape(view.name)}</span>',
        f"<strong>{escape(view.title)}.</strong> {escape(view.grain)} Fresh {escape(view.freshness)}.",
        f"<details><summary>{len(view.columns) - 1} columns</summary><dl>{columns}</dl></details>",
        escape(", ".join(name for name in CATALOGUE.roles if name in view.roles)),
    )


def _metrics() -> str:
    rows = map(_metric, CATALOGUE.metrics.values())
    return '<h2 id="figures">What each figure means</h2>\n' + table(
        "Defined figures", ("Figure", "Definition", "Unit", "Where", "Adds up"), rows
    )


def _metric(metric: Metric) -> tuple[str, ...]:
    ratio = f" / {escape(metric.denominator)}" if metric.denominator else ""
    return (
        f"{escape(metric.number)} {escape(metric.name)}",
        escape(metric.definition),
        escape(metric.unit),
        f"<code>{escape(metric.view)}</code>: {escape(metric.numerator)}{ratio}",
        escape(metric.additivity.value.replace("_", " ")),
    )


def _further() -> str:
    return """<h2 id="more">Where to read on</h2>
<ul><li><a href="docs">Interface: addresses, query options, limits, error codes</a></li>
<li><a href="openapi.json">OpenAPI description</a></li><li><a href="readyz">State for machines</a></li></ul>"""


def _moment(moment: datetime | None, zone: str) -> str:
    if moment is None:
        return "never"
    local = moment.astimezone(ZoneInfo(zone))
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{local:%Y-%m-%d %H:%M} ({escape(zone)})</time>'
