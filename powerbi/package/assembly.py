"""An audience and the address of the service -> all files of its folder under `powerbi/templates`, as bytes by path.

Pure and the same for each call. Called by `python -m powerbi.package`, `crisis powerbi` and the downloads of the API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from powerbi.audience import AUDIENCES
from powerbi.model import bim, build, tmdl
from powerbi.model.sources import API_BASE_URL
from powerbi.model.words import Model
from powerbi.package.address import api_base_url
from powerbi.package.connections import odc, pbids
from powerbi.package.parameters import FILE, parameter_yml
from powerbi.package.pbit import pbit
from powerbi.package.project import project_files
from powerbi.report import pbir, report
from powerbi.report.words import Report

FIRST_TABLE = {"viewer": "DailyIncidents", "analyst": "Incidents"}
"""The view that the Excel connection of an audience loads."""
ON_OPENING = (
    "Leave every parameter as it is, unless your service has another address. "
    "Sign in with Basic: user name = key id, password = secret."
)
"""What Desktop shows beside the description when the template is opened."""
ENVIRONMENT = "PROD"
"""The one environment that the committed parameter.yml names."""


def templates() -> dict[str, bytes]:
    """Everything under `powerbi/templates`, by path below it."""
    return {f"{name}/{path}": content for name in AUDIENCES for path, content in project(name).items()}


def project(audience: str, base: str | None = None) -> Mapping[str, bytes]:
    """The files of one audience; `base` is the address that the model asks, by default the one of the demonstration.

    Raises KeyError for an unknown audience and ConfigurationError for an address that templates cannot carry.
    """
    return _project(audience, default_address() if base is None else api_base_url(base))


def default_address() -> str:
    """What the parameter ApiBaseUrl says when nobody has said anything else."""
    return str(json.loads(API_BASE_URL.value))


@lru_cache(maxsize=4)
def _project(audience: str, base: str) -> Mapping[str, bytes]:
    """Kept for the next caller: a service gives out the same files under one address all day."""
    return assembled(directed(build.model(audience), base), report(audience), base)


def assembled(model: Model, pages: Report, base: str) -> dict[str, bytes]:
    """All files of a model and the report that is bound to it, whoever made the two."""
    definition = {f"definition/{path}": content for path, content in tmdl.files(model).items()}
    parts = pbir.parts(pages)
    return {
        **project_files(model.name, definition, parts),
        f"{model.name}.pbit": pbit(bim.document(model), parts, f"{model.description} {ON_OPENING}"),
        f"{model.name}.pbids": pbids(base),
        f"{model.name}.odc": odc(base, FIRST_TABLE[model.audience]),
        FILE: parameter_yml(model.name, base, {ENVIRONMENT: base}),
    }


def directed(model: Model, base: str) -> Model:
    """The model with its parameter ApiBaseUrl set to an address."""
    said = json.dumps(base)
    parameters = tuple(
        replace(each, value=said) if each.name == API_BASE_URL.name else each for each in model.parameters
    )
    return replace(model, parameters=parameters)
