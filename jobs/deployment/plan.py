"""Options and settings of a deployment -> a Plan: what goes where, checked before anything is sent.

Reads no network. Called by `crisis powerbi deploy`; carried out by `jobs.deployment.fabric`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from models.errors import ConfigurationError
from powerbi.audience import AUDIENCES
from powerbi.package import default_address, project
from powerbi.package.address import api_base_url
from powerbi.package.inspection import examine
from powerbi.package.parameters import FILE, parameter_yml

ITEM_TYPES = ("SemanticModel", "Report")
ENVIRONMENT = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")


@dataclass(frozen=True)
class Plan:
    """One audience into one workspace. `files` is the folder that fabric-cicd reads."""

    audience: str
    workspace: str
    environment: str
    address: str
    connection: str | None
    files: Mapping[str, bytes]

    @property
    def items(self) -> tuple[str, ...]:
        """The items that will be made or replaced."""
        return tuple(f"{AUDIENCES[self.audience].model}.{kind}" for kind in ITEM_TYPES)

    def shown(self) -> dict[str, object]:
        """What people and scripts are told; no secret is part of a plan."""
        return {
            "audience": self.audience,
            "workspace": self.workspace,
            "environment": self.environment,
            "ApiBaseUrl": self.address,
            "connection": self.connection,
            "items": list(self.items),
            "files": len(self.files),
        }


def plan(audience: str, workspace: str, environment: str, address: str, connection: str | None = None) -> Plan:
    """What will be published. Raises ConfigurationError for what cannot be, and for templates with a fault."""
    identity = _identity(workspace, "the workspace", "--workspace")
    binding = _identity(connection, "the connection", "--connection") if connection else None
    if not ENVIRONMENT.fullmatch(environment):
        raise ConfigurationError(
            "an environment is named by letters, digits, hyphen and underscore", hint="For example --environment PROD"
        )
    wanted = api_base_url(address)
    name, base = AUDIENCES[audience].model, default_address()
    files = dict(project(audience))
    files[FILE] = parameter_yml(name, base, {environment: wanted}, {environment: binding} if binding else None)
    if faults := examine(files, audience).findings:
        raise ConfigurationError(
            f"the templates have {len(faults)} faults; the first: {faults[0].place} {faults[0].message}",
            hint="Run `crisis powerbi check` to see all of them.",
        )
    return Plan(audience, identity, environment, wanted, binding, files)


def _identity(text: str, what: str, option: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ConfigurationError(
            f"{what} is not named by its id", hint=f"Give {option} the id from its address in the browser."
        ) from None
