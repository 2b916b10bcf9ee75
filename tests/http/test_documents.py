"""What the documents tell people to type: every curl line is carried out, every row of the table of headers is true."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from jobs.migrate import upgrade_service
from models.catalogue import CATALOGUE
from models.settings import ApiSettings
from tests.conftest import ROOT as CHECKOUT
from tests.helpers.batches import parts_of
from tests.helpers.live import serving
from tests.helpers.service import ROOT, Login, Service, make_keys

ANALYSTS = (CHECKOUT / "docs" / "analysts.md").read_text("utf-8")
README = (CHECKOUT / "README.md").read_text("utf-8")
COMMANDS = [block.strip() for block in re.findall(r"```\n(curl .*?)```", ANALYSTS, re.DOTALL)]
COMMANDS += re.findall(r"`(curl -u [^`]+)`", README)
ids = [command.split("127.0.0.1:8000")[1].split()[0].strip("'") for command in COMMANDS]


def request_of(command: str, login: Login) -> dict[str, Any]:
    """A curl line as arguments for httpx; fails on an option that it does not know."""
    words = iter(shlex.split(command.replace("\\\n", " ")))
    assert next(words) == "curl"
    made: dict[str, Any] = {"method": "GET", "headers": {}, "params": None}
    encoded = []
    for word in words:
        if word == "-u":
            assert next(words) == "ID:SECRET"
            made["auth"] = login.basic
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            made["headers"][name] = value
        elif word in ("-d", "--data-binary"):
            text = next(words)
            made |= {"method": "POST", "content": text if word == "--data-binary" else text.replace("\n", "")}
        elif word == "--data-urlencode":
            name, _, value = next(words).partition("=")
            encoded.append((name, value))
        elif word == "-o":
            next(words)
        elif word not in ("-G", "-i"):
            assert word.startswith("http://127.0.0.1:8000/"), word
            assert " " not in word, "curl refuses blanks in an address"
            made["url"] = word.replace("http://127.0.0.1:8000", ROOT)
    made["params"] = encoded or None
    return made


def test_there_are_commands_to_try() -> None:
    assert len(COMMANDS) >= 5
    assert sum("$batch" in command for command in COMMANDS) == 2


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_a_command_is_answered(service: Service, command: str) -> None:
    made = request_of(command, service.logins["analyst"])
    answer = service.get(made.pop("url"), None, made.pop("method"), **made)
    assert answer.status_code == 200, answer.text
    if "$batch" in command:
        found = parts_of(answer)
        assert {part.status for part in found} == {200}
        named = [part.id for part in found]
        assert named == (["calls", "areas", "names"] if '"requests"' in command else [None, None])


SHOWN = [tuple(row) for row in re.findall(r"^\| `([A-Za-z-]+: [^`]+)` \| (.+?) \|$", ANALYSTS, re.MULTILINE)]


@pytest.mark.parametrize(("header", "promise"), SHOWN)
def test_a_header_does_what_the_table_says(service: Service, header: str, promise: str) -> None:
    name, _, value = header.partition(": ")
    plain = service.get("/odata/v1/Calls?$count=true", "analyst")
    value = value.replace('"..."', plain.headers["etag"])
    answer = service.get("/odata/v1/Calls?$count=true", "analyst", headers={name: value})
    rows = answer.json()["value"] if answer.status_code == 200 else []
    checks = {
        "pages of 500 rows": lambda: answer.headers["preference-applied"] == "maxpagesize=500",
        "without the columns that are null": lambda: rows and None not in [one for row in rows for one in row.values()],
        "rows and next link alone": lambda: set(answer.json()) == {"@odata.count", "value"},
        "as text": lambda: all(isinstance(row["CallId"], str) for row in rows),
        "`@count` instead of `@odata.count`": lambda: answer.json()["@count"] == plain.json()["@odata.count"],
        "304": lambda: (answer.status_code, answer.content) == (304, b""),
        "412": lambda: service.get("/odata/v1/RefreshStatus", "analyst", headers={name: value}).status_code == 412,
    }
    (check,) = [check for words, check in checks.items() if words in promise]
    assert check()


def test_every_header_of_the_table_is_checked() -> None:
    assert len(SHOWN) == 7


def test_the_version_that_the_page_names_is_the_current_one() -> None:
    assert re.findall(r"\$schemaversion=([\d.]+)", ANALYSTS) == [CATALOGUE.version]


def test_the_commands_with_curl_itself_against_a_server(ready_home: Path, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    settings = ApiSettings(home=ready_home)
    upgrade_service(settings.service_database)
    login = make_keys(settings)["analyst"]
    with serving(ready_home) as (root, _):
        for command in COMMANDS:
            line = command.replace("ID:SECRET", ":".join(login.basic)).replace("http://127.0.0.1:8000", root)
            line = line.replace("curl ", "curl --silent --show-error --fail-with-body --noproxy '*' ", 1)
            done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, ""), done.stdout
            assert '"status":4' not in done.stdout
            assert "HTTP/1.1 4" not in done.stdout
        assert (tmp_path / "calls.csv").read_text("utf-8").startswith("OperationalDate,AreaId,")
        body = b'{"requests":[{"id":"1","method":"get","url":"Areas"}]}'
        with httpx.Client(auth=login.basic, base_url=root) as client:
            answer = client.post("/odata/v1/$batch", content=body, headers={"Content-Type": "application/json"})
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.headers.get_list("odata-version") == ["4.0"]
            assert parts_of(answer)[0].json["@odata.context"].startswith(f"{root}/odata/v1/$metadata#")
