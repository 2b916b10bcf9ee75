"""`/v1/powerbi/<audience>/<file>` -> a Power BI template that asks this service: its public root is already set.

A role gets the templates whose every view it may read, so a template never names a table that its key is refused.
Below `/v1/powerbi/` alone: what there is for the caller. No figures are in any of it. Called by the data route.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from api.odata.exchange import Request, Response, Trace
from api.odata.language.tokens import decode
from api.odata.protocol import conditional
from models.catalogue import CATALOGUE
from models.errors import MethodProblem, NotFound
from powerbi.audience import AUDIENCES, Audience
from powerbi.package import project
from powerbi.package.pbit import zipped

PREFIX = "/v1/powerbi"
KINDS = {
    "pbit": ("application/octet-stream", "Template for Power BI Desktop: model, measures and report."),
    "zip": ("application/zip", "The same as a project folder (.pbip), for version control and deployment."),
    "pbids": ("application/octet-stream", "Connection for Power BI Desktop, without model and report."),
    "odc": ("text/x-ms-odc; charset=utf-8", "Connection for Excel."),
}
"""Extension -> media type and meaning. The name before it is the model's."""
SEGMENTS = frozenset((*AUDIENCES, *(f"{each.model}.{ending}" for each in AUDIENCES.values() for ending in KINDS)))
"""What a path below the prefix is made of."""


def answer(request: Request) -> Response:
    """The file, or the list of files. Raises NotFound, MethodProblem and PreconditionFailed."""
    if request.method not in ("GET", "HEAD"):
        raise MethodProblem("only GET and HEAD")
    path = decode(request.path, "path")
    if not path:
        return _listed(request)
    folder, _, name = path.partition("/")
    stem, _, extension = name.rpartition(".")
    for audience in offered(request.caller.role):
        if (folder, stem) == (audience.name, audience.model) and extension in KINDS:
            return conditional.settled(request.headers, _file(request, audience, extension))
    raise NotFound("there is no such template", hint=f"{request.root} lists the templates for your key.")


def offered(role: str) -> list[Audience]:
    """The audiences whose every view the role reads."""
    own = {view.name for view in CATALOGUE.readable(role)}
    return [each for each in AUDIENCES.values() if {view.name for view in CATALOGUE.readable(each.name)} <= own]


def _listed(request: Request) -> Response:
    files = [
        {"audience": each.name, "url": f"{request.root}{each.name}/{each.model}.{extension}", "description": says}
        for each in offered(request.caller.role)
        for extension, (_, says) in KINDS.items()
    ]
    body = json.dumps({"files": files}, indent=2).encode()
    return Response(200, (("Content-Type", "application/json"),), (body,), Trace(shape="templates"))


def _file(request: Request, audience: Audience, extension: str) -> Response:
    base = request.root.removesuffix(f"{PREFIX}/")
    name = f"{audience.model}.{extension}"
    files = project(audience.name, base)
    content = _folder(audience, files) if extension == "zip" else files[name]
    headers = (
        ("Content-Type", KINDS[extension][0]),
        ("Content-Disposition", f'attachment; filename="{name}"'),
        ("ETag", f'"{hashlib.sha256(content).hexdigest()[:32]}"'),
        ("Cache-Control", "private, no-cache"),
    )
    return Response(200, headers, (content,), Trace(shape=f"template {audience.name}/{name}"))


def _folder(audience: Audience, files: Mapping[str, bytes]) -> bytes:
    """The project's files in one ZIP, in a folder named like the model; the .pbit stays outside."""
    return zipped(
        (f"{audience.model}/{path}", content)
        for path, content in sorted(files.items())
        if PurePosixPath(path).suffix != ".pbit"
    )
