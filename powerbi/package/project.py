"""The parts of a model and a report -> the files of a Power BI project (.pbip): the two items and what joins them.

Pure; the parts come from `powerbi.model` and `powerbi.report`. The versions are older than the newest on purpose: a
file newer than its reader is refused, an older one is raised when it is saved. Called by `assembly`.
"""

from __future__ import annotations

from collections.abc import Mapping

from powerbi.identity import lineage
from powerbi.package.spelling import SCHEMAS, pretty


def project_files(name: str, model: Mapping[str, bytes], report: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path below the audience's folder -> bytes. The parts are named from their item's folder (`definition/...`)."""
    files = {
        f"{name}.pbip": pretty(
            {
                "$schema": f"{SCHEMAS}pbip/pbipProperties/1.0.0/schema.json",
                "version": "1.0",
                "artifacts": [{"report": {"path": f"{name}.Report"}}],
                "settings": {"enableAutoRecovery": True},
            }
        )
    }
    for kind, head, parts in (("SemanticModel", _model_head(), model), ("Report", _report_head(name), report)):
        folder = f"{name}.{kind}"
        files[f"{folder}/.platform"] = _platform(name, kind)
        files |= {f"{folder}/{path}": content for path, content in (head | dict(parts)).items()}
    return files


def _platform(name: str, kind: str) -> bytes:
    """Name, kind and identity of an item: the identity is what a second deployment recognises it by."""
    return pretty(
        {
            "$schema": f"{SCHEMAS}gitIntegration/platformProperties/2.0.0/schema.json",
            "metadata": {"type": kind, "displayName": name},
            "config": {"version": "2.0", "logicalId": lineage(name, kind)},
        }
    )


def _model_head() -> dict[str, bytes]:
    schema = f"{SCHEMAS}item/semanticModel/definitionProperties/1.0.0/schema.json"
    return {"definition.pbism": pretty({"$schema": schema, "version": "4.2", "settings": {}})}


def _report_head(name: str) -> dict[str, bytes]:
    schema = f"{SCHEMAS}item/report/definitionProperties/2.0.0/schema.json"
    reference = {"byPath": {"path": f"../{name}.SemanticModel"}}
    return {"definition.pbir": pretty({"$schema": schema, "version": "4.0", "datasetReference": reference})}
