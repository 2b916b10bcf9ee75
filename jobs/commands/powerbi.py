"""`crisis powerbi`: build, check and deploy the Power BI templates of each audience.

Builds from the catalogue alone; check reads a folder; deploy asks Microsoft Fabric, through an optional extra.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from jobs.deployment import fabric
from jobs.deployment.plan import Plan, plan
from jobs.following.configured import HINT as POWERBI_HINT
from jobs.following.configured import power_bi
from jobs.following.patience import Patience
from jobs.following.refreshing import refresh_model
from jobs.following.run_end import published, wishes
from jobs.following.service import Service, calling
from models.errors import ConfigurationError
from models.keeping_errors import PowerBiNotRefreshed
from models.settings import ApiSettings, JobSettings
from powerbi.audience import AUDIENCES
from powerbi.package import project
from powerbi.package.folders import differences, item, read, write
from powerbi.package.inspection import Examination, Finding, examine
from powerbi.package.inspection.words import Kind

commands = typer.Typer(
    name="powerbi",
    help="Build, check, deploy the Power BI templates.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
FOLDER = "powerbi"
"""Below CRISIS_HOME."""
SHOWN = 50

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
OneAudience = Annotated[str | None, typer.Option("--audience", help="viewer or analyst; default: both.")]
Address = Annotated[
    str | None,
    typer.Option("--api-base-url", help="Address of the service, https; default: CRISIS_PUBLIC_URL, or this machine."),
]


def register(app: typer.Typer) -> None:
    """Add `powerbi` and what is below it."""
    app.add_typer(commands)


@commands.command()
def build(
    audience: OneAudience = None,
    output: Annotated[Path | None, typer.Option("--output", help="Folder; default: CRISIS_HOME/powerbi.")] = None,
    api_base_url: Address = None,
    as_json: AsJson = False,
) -> None:
    """Write the templates, asking the service under your address: project, .pbit, .pbids, .odc, parameter.yml.

    Example: crisis powerbi build --api-base-url https://metrics.city.example

    Example: crisis powerbi build --audience analyst --output ./templates
    """
    folder = output or JobSettings().home / FOLDER
    made = {name: project(name, _address(api_base_url)) for name in _audiences(audience)}
    changed = {name: write(folder / name, files) for name, files in made.items()}
    if as_json:
        facts = [
            {"audience": name, "folder": str(folder / name), "files": len(files), "changed": changed[name]}
            for name, files in made.items()
        ]
        typer.echo(json.dumps(facts, indent=2))
        return
    for name, files in made.items():
        typer.echo(f"{folder / name}: {len(files)} files, {len(changed[name])} changed")
        typer.echo(f"  open {AUDIENCES[name].model}.pbit with Power BI Desktop, or the .pbip to work on it")


@commands.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="What `build` wrote, or one audience's folder; default: CRISIS_HOME/powerbi.")
    ] = None,
    audience: OneAudience = None,
    edited: Annotated[
        bool, typer.Option("--edited", help="The files were changed on purpose: do not compare with the catalogue.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what would break when the templates are opened or refreshed; exit code 1 when anything would.

    Example: crisis powerbi check

    Example: crisis powerbi check ./templates --audience viewer --edited --json
    """
    found = {
        name: _examined(name, place, edited=edited)
        for name, place in _places(folder or JobSettings().home / FOLDER, audience).items()
    }
    if as_json:
        typer.echo(json.dumps([_facts(name, each) for name, each in found.items()], indent=2))
    else:
        for name, each in found.items():
            _print(name, each)
    raise typer.Exit(1 if any(each.findings for each in found.values()) else 0)


@commands.command()
def deploy(
    *,
    audience: Annotated[str, typer.Option("--audience", help="viewer or analyst; each in a workspace of its own.")],
    workspace: Annotated[
        str | None, typer.Option("--workspace", help="Id of the workspace (CRISIS_FABRIC_WORKSPACE).")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", help="Name in parameter.yml (CRISIS_FABRIC_ENVIRONMENT).")
    ] = None,
    api_base_url: Address = None,
    connection: Annotated[
        str | None, typer.Option("--connection", help="Id of the Fabric connection, with gateway, to bind to.")
    ] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="Tenant id (CRISIS_FABRIC_TENANT).")] = None,
    client: Annotated[str | None, typer.Option("--client", help="Application id (CRISIS_FABRIC_CLIENT).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show what would be published.")] = False,
    as_json: AsJson = False,
) -> None:
    """Publish model and report into a Fabric workspace as a service principal. The secret: CRISIS_FABRIC_SECRET.

    Example: crisis powerbi deploy --audience viewer --workspace 0b0e4a52-6c1f-4c8e-9d5a-3f1c2b7a9e10 --dry-run
    """
    settings = JobSettings()
    (name,) = _audiences(audience)
    where = workspace or settings.fabric_workspace
    if where is None:
        raise ConfigurationError("no workspace is named", hint="Pass --workspace ID or set CRISIS_FABRIC_WORKSPACE.")
    base = _address(api_base_url)
    if base is None:
        raise ConfigurationError(
            "the service in the cloud needs an address that it can reach",
            hint="Pass --api-base-url https://... or set CRISIS_PUBLIC_URL.",
        )
    wanted = plan(name, where, environment or settings.fabric_environment, base, connection)
    if not dry_run:
        fabric.require()
        who = _principal(tenant or settings.fabric_tenant, client or settings.fabric_client, settings.fabric_secret)
        fabric.publish(wanted, who.credential(), who.secret)
    _say(wanted, dry_run=dry_run, as_json=as_json)


@commands.command()
def refresh(
    audience: OneAudience = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Read the record tables as a whole, also past what their policy reads.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask Power BI to refresh the semantic models now, and wait for the end, as is done after every run.

    Example: crisis powerbi refresh

    Example: crisis powerbi refresh --audience analyst --whole
    """
    settings = JobSettings()
    asked = power_bi(settings)
    if asked is None:
        raise ConfigurationError("no CRISIS_POWERBI_... setting is set", hint=POWERBI_HINT)
    wanted = wishes(asked, published(settings).day, changed=whole)
    with calling() as client:
        endings = {
            name: refresh_model(Service(asked, client), each, Patience(asked.seconds))
            for name, each in wanted.items()
            if audience in (None, name)
        }
    if as_json:
        typer.echo(json.dumps({name: asdict(ending) for name, ending in endings.items()}, indent=2))
    else:
        typer.echo("\n".join(f"{name}: {each.outcome}, {each.detail}" for name, each in endings.items()))
    bad = [name for name, ending in endings.items() if ending.outcome != "done"]
    if bad or not endings:
        raise PowerBiNotRefreshed(f"not refreshed: {', '.join(bad) or audience}")


def _principal(tenant: str | None, client: str | None, secret: SecretStr | None) -> fabric.ServicePrincipal:
    given = {"CRISIS_FABRIC_TENANT": tenant, "CRISIS_FABRIC_CLIENT": client, "CRISIS_FABRIC_SECRET": secret}
    missing = [name for name, value in given.items() if not value]
    if tenant is None or client is None or secret is None or missing:
        raise ConfigurationError(
            f"nobody to publish as: {', '.join(missing)} not set",
            hint="Set them to an application of your tenant that is a member of the workspace.",
        )
    return fabric.ServicePrincipal(tenant, client, secret.get_secret_value())


def _say(done: Plan, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**done.shown(), "published": not dry_run}, indent=2))
        return
    typer.echo("Would publish:" if dry_run else "Published:")
    for name, value in done.shown().items():
        typer.echo(f"  {name}: {', '.join(map(str, value)) if isinstance(value, list) else value or 'none'}")
    if not dry_run and done.connection is None:
        typer.echo("Next: in the workspace, Settings of the semantic model, choose the gateway and sign in with a key.")


def _address(given: str | None) -> str | None:
    """The address that was asked for, or the public one of the settings; None: that of this machine."""
    return given or ApiSettings().public_url


def _audiences(audience: str | None) -> tuple[str, ...]:
    if audience is None:
        return tuple(AUDIENCES)
    if audience not in AUDIENCES:
        raise ConfigurationError(f"there is no audience {audience!r}", hint=f"One of: {', '.join(AUDIENCES)}.")
    return (audience,)


def _places(folder: Path, audience: str | None) -> dict[str, Path]:
    """Audience -> its folder: below the one given, or that one itself."""
    found: dict[str, Path] = {}
    for name in _audiences(audience):
        model = f"{AUDIENCES[name].model}.SemanticModel"
        place = next((place for place in (folder / name, folder) if (place / model).is_dir()), None)
        if place is not None:
            found[name] = place
    if not found or (audience and audience not in found):
        raise ConfigurationError(f"there are no templates in {folder}", hint="Make them: crisis powerbi build")
    return found


def _examined(audience: str, folder: Path, *, edited: bool) -> Examination:
    files = read(folder)
    done = examine(files, audience)
    if edited:
        return done
    made = project(audience, done.address)
    stale = [
        Finding(Kind.STALE, path, path, f"{said}, compared with what the catalogue makes now")
        for path, said in differences(files, made)
        if item(path) or (path in made and path in files)  # beside model and report anything may lie or be left out
    ]
    return Examination((*done.findings, *stale), {**done.figures, "stale files": len(stale)}, done.address)


def _facts(audience: str, done: Examination) -> dict[str, object]:
    findings = [{**asdict(each), "next_step": each.next_step} for each in done.findings]
    return {"audience": audience, "figures": dict(done.figures), "findings": findings}


def _print(audience: str, done: Examination) -> None:
    console = Console(highlight=False)
    console.print(f"[bold]{audience}[/]: " + ", ".join(f"{value:,} {name}" for name, value in done.figures.items()))
    for each in done.findings[:SHOWN]:
        console.print(f"{each.kind}: {each.place} {each.message}", soft_wrap=True, markup=False)
        console.print(f"    in {each.file}", soft_wrap=True, markup=False)
    if len(done.findings) > SHOWN:
        console.print(f"and {len(done.findings) - SHOWN} more (--json lists all)")
    for kind in Counter(each.kind for each in done.findings):
        step = next(each.next_step for each in done.findings if each.kind == kind)
        console.print(f"{kind}: next step: {step}", soft_wrap=True, markup=False)
    console.print(f"{len(done.findings)} findings." if done.findings else "No findings.")
