"""A Plan and credentials -> items in a Fabric workspace. The only module that loads fabric-cicd, when it is called.

The library sends, waits and tries again; here its folder is laid out, its errors become ours, and no secret leaves.
Called by `crisis powerbi deploy`.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from jobs.deployment.plan import ITEM_TYPES, Plan
from models.errors import ConfigurationError, DeploymentFailed
from powerbi.package.folders import write

EXTRA = "powerbi-deploy"
INSTALL = f"Install the extra: .venv/bin/python -m pip install --editable '.[{EXTRA}]'"
LONGEST = 500
"""Characters of a foreign message that are passed on."""


@dataclass(frozen=True)
class ServicePrincipal:
    """Who publishes: an application of the tenant that is a member of the workspace."""

    tenant: str
    client: str
    secret: str = field(repr=False)

    def credential(self) -> Any:
        """What fabric-cicd takes a token from. Raises ConfigurationError where the extra is not installed."""
        return _loaded("azure.identity").ClientSecretCredential(
            tenant_id=self.tenant, client_id=self.client, client_secret=self.secret
        )


def require() -> None:
    """Raises ConfigurationError where the extra is not installed."""
    _loaded("fabric_cicd")
    _loaded("azure.identity")


def publish(plan: Plan, credential: Any, *hidden: str) -> None:
    """Make or replace the items. `hidden` are texts that no message may show. Raises DeploymentFailed."""
    library = _loaded("fabric_cicd")
    known = (_loaded("fabric_cicd._common._exceptions").BaseCustomError, OSError, ValueError)
    with tempfile.TemporaryDirectory(prefix="crisis-powerbi-") as made:
        # byPath references are compared as real paths
        folder = Path(os.path.realpath(made))
        write(folder, plan.files)
        try:
            workspace = library.FabricWorkspace(
                workspace_id=plan.workspace,
                environment=plan.environment,
                repository_directory=str(folder),
                item_type_in_scope=list(ITEM_TYPES),
                token_credential=credential,
            )
            library.publish_all_items(workspace)
        except known as error:
            raise DeploymentFailed(_said(error, hidden)) from None


def _loaded(name: str) -> ModuleType:
    """A module of the extra. fabric-cicd puts its own hook for unforeseen errors in place; ours stays."""
    hook = sys.excepthook
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed", hint=INSTALL) from None
    finally:
        sys.excepthook = hook


def _said(error: Exception, hidden: tuple[str, ...]) -> str:
    """The first lines of a foreign message, without what must not be shown."""
    text = " ".join(f"{error} {getattr(error, 'additional_info', None) or ''}".split())
    for secret in hidden:
        text = text.replace(secret, "(hidden)") if secret else text
    return f"{type(error).__name__}: {text[:LONGEST]}"
