"""The container as its files say it: who gets what, nothing more than needed; and that the product lives on a read-only
root as a user without rights. Docker itself is not needed: its files are read, the root is made read-only by hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jobs.cli import COMMANDS, command_line
from models.settings import SOURCE_SECRETS, ApiSettings, JobSettings
from tests.conftest import ROOT
from tests.helpers import yaml_subset
from tests.helpers.live import free_port

COMPOSE: dict[str, Any] = yaml_subset.read((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build") == "."}
DOCKERFILE = [
    line.strip()
    for line in re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text("utf-8")).splitlines()
    if line.strip() and not line.startswith("#")
]

WHO = """
service         | profile   | its command | crisis database | volumes              | all the time
api             | -         | serve       | no              | data:/data           | yes
refresh         | jobs      | refresh     | yes             | data:/data           | no
schedule        | schedule  | schedule    | yes             | data:/data           | yes
backup          | jobs      | backup      | no              | data:/data backup:/backup | no
sqlserver       | sqlserver | -           | no              | -                    | no
sqlserver-tests | sqlserver | -           | no              | .:/source:ro         | no
"""


@pytest.mark.parametrize("line", WHO.strip().splitlines()[1:])
def test_who_gets_what(line: str) -> None:
    name, profile, command, source, volumes, always = (cell.strip() for cell in line.split("|"))
    service = SERVICES[name]
    assert service.get("profiles", ["-"]) == [profile]
    assert ("CRISIS_SOURCE_URL" in service.get("environment", {})) == (source == "yes")
    assert " ".join(service.get("volumes", ["-"])) == volumes
    assert (service.get("restart") == "unless-stopped") == (always == "yes")
    if command != "-":
        words = service.get("command") or json.loads(_last("CMD"))
        assert words[0] == command
        assert command in COMMANDS
        shown = CliRunner().invoke(command_line([command]), [command, "--help"], env={"COLUMNS": "200"})
        options = [word for word in words if word.startswith("--")]
        assert [option for option in options if option not in shown.output] == []


def test_every_service_stands_in_the_table() -> None:
    assert [line.split("|")[0].strip() for line in WHO.strip().splitlines()[1:]] == [*SERVICES][:1] + [
        name for name in SERVICES if name != "api"
    ]


@pytest.mark.parametrize("name", OURS)
def test_ours_have_no_more_rights_than_they_need(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == ("true", ["/tmp"], ["ALL"])  # noqa: S108
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "user", "network_mode", "pid", "cap_add"} & set(service)
    settings = {f"CRISIS_{field.upper()}" for kind in (ApiSettings, JobSettings) for field in kind.model_fields}
    assert set(service.get("environment", {})) <= settings
    assert ("env_file" in service) == (name != "api"), "settings of jobs may hold secrets that the service must not see"


def test_the_service_never_sees_the_crisis_database() -> None:
    assert not set(SOURCE_SECRETS) & set(SERVICES["api"]["environment"])


def test_what_is_named_is_declared() -> None:
    volumes = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert {volume for volume in volumes if volume != "."} == set(COMPOSE["volumes"])
    needed = {other for service in SERVICES.values() for other in service.get("depends_on", {})}
    assert needed <= set(SERVICES)
    known = {
        "build",
        "image",
        "command",
        "environment",
        "env_file",
        "ports",
        "volumes",
        "read_only",
        "tmpfs",
        "cap_drop",
    }
    known |= {"security_opt", "restart", "stop_grace_period", "healthcheck", "profiles", "depends_on", "working_dir"}
    assert {key for service in SERVICES.values() for key in service} <= known
    assert set(COMPOSE) == {"services", "volumes"}


def test_who_is_told_to_end_has_the_time_that_it_is_promised() -> None:
    """Ten seconds are promised; a service that may be in the midst of something has more."""
    for name in ("api", "refresh", "schedule"):
        assert int(OURS[name]["stop_grace_period"].removesuffix("s")) > 10


def _last(word: str) -> str:
    return [line for line in DOCKERFILE if line.startswith(f"{word} ")][-1].removeprefix(f"{word} ")


def test_the_image() -> None:
    """A user without rights, the packages of the wheel and nothing else, folders that this user owns."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        packages = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = [line.split()[1] for line in DOCKERFILE if line.startswith("COPY ") and "--from" not in line]
    assert copied == ["requirements.lock", *packages]
    final = DOCKERFILE[max(place for place, line in enumerate(DOCKERFILE) if line.startswith("FROM ")) :]
    user = _last("USER")
    assert user.isdigit()
    assert user != "0"
    assert final.index(f"USER {user}") < [line.startswith("ENTRYPOINT ") for line in final].index(True)
    folders = json.loads(_last("VOLUME"))
    owned = next(line for line in final if "chown" in line)
    assert f"--uid {user}" in owned
    assert [folder for folder in folders if folder not in owned.partition("chown")[2]] == []
    mounted = {volume.partition(":")[2] for service in OURS.values() for volume in service["volumes"]}
    assert mounted == set(folders)
    assert "--require-hashes" in " ".join(DOCKERFILE)
    assert json.loads(_last("ENTRYPOINT")) == ["crisis"]


def test_the_builder_gets_only_what_is_copied() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    copied = {
        word for line in DOCKERFILE if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    }
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied


READING = "--inh-caps=-all,+dac_read_search --ambient-caps=-all,+dac_read_search"
"""An interpreter may lie where only its owner reads; what counts here is who may write."""
SEALED = """
set -e
mount -t tmpfs tmpfs {place}
mkdir {place}/data {place}/backup {place}/tmp
chmod 777 {place}/data {place}/backup {place}/tmp
mount -o remount,bind,ro /
cd /
{drop}{python} -c '
import pathlib
for folder in ("/", "{root}", "/var"):
    try:
        (pathlib.Path(folder) / "written").touch()
    except OSError:
        continue
    raise SystemExit(f"{{folder}} can be written")
'
for words in "demo --calls 150 --years 0.05 --json" "refresh --json" "schedule --next --json" \\
    "keys list" "backup {place}/backup --json" "retention --dry-run --json" "doctor --json"; do
  {drop}{python} -m jobs.cli $words > {place}/tmp/said 2> {place}/tmp/error || {{ echo "$words"; cat {place}/tmp/error; exit 9; }}
  echo "ok $words"
done
{drop}{python} -m jobs.cli serve --port {port} > {place}/tmp/log 2>&1 &
server=$!
{python} - <<'END'
import time, urllib.request
for _ in range(300):
    try:
        print("ok serve", urllib.request.urlopen("http://127.0.0.1:{port}/readyz", timeout=5).status)
        break
    except OSError:
        time.sleep(0.2)
END
kill $server
wait $server || true
"""


@pytest.fixture
def closed_to_nobody() -> Iterator[Path]:
    """A folder that another user may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="container-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_it_lives_on_a_read_only_root_as_a_user_without_rights(
    closed_to_nobody: Path, figure: Callable[[str], None]
) -> None:
    """Every command that a container of ours runs, with nothing to write but its volumes and /tmp."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("this machine has no mount namespaces")
    root = os.geteuid() == 0 and shutil.which("setpriv") is not None
    alone = ["unshare", "-m"] if root else ["unshare", "-rm"]
    if subprocess.run(
        [*alone, "mount", "-t", "tmpfs", "tmpfs", str(closed_to_nobody)], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets no process have mounts of its own")
    drop = f"setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs {READING} " if root else ""
    place = closed_to_nobody / "place"
    place.mkdir()
    script = SEALED.format(place=place, python=sys.executable, drop=drop, root=ROOT, port=free_port())
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(place / "tmp"), "HOME": "/nonexistent",
        "CRISIS_HOME": str(place / "data"), "CRISIS_DEMO": "1", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    done = subprocess.run([*alone, "sh", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    well = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
    assert len(well) == 8, done.stdout
    assert well[-1] == "ok serve 200"
    who = "user 10001" if root else "a user of its own namespace"
    figure(f"on a read-only root, as {who}: {len(well)} of 8 commands as they must be")
