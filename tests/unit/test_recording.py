"""The recording of one request: headers by a list, sign-in by a word, and no way for a value into the file."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.edge import recording
from api.edge.connection import Connection
from api.edge.note import Note, PartDone
from api.edge.recorded_headers import SHOWN, shown, sign_in
from api.edge.recording import END, Addresses, Recorder, entry
from api.edge.target import target_of
from api.observe import Observation, RecordingEnded, RecordingStarted
from api.odata.exchange import Limits
from api.odata.protocol.batch import Part
from models.errors import ConfigurationError, NotFound
from models.service.keys import new_key
from tests.helpers.asking import POWER_QUERY

ADDRESSES = Addresses(
    "/odata/v1", {"/v1/views": frozenset({"Areas.csv"}), "/v1/powerbi": frozenset({"viewer", "Viewer.pbit"})}
)

FIELDS = """
field             | sent                                                 | recorded
accept            | application/json;odata.metadata=minimal;q=1.0, */*   | application/json;odata.metadata=minimal;q=1.0,*/*
accept            | application/json;odata.metadata=jane, text/jane      | <media>,<media>
accept-encoding   | gzip, deflate;q=0.5, jane                            | gzip,deflate;q=0.5,<word>
accept-language   | en-CA,fr;q=0.9                                       | en-CA,fr;q=0.9
content-type      | multipart/mixed; boundary=jane                       | multipart/mixed; boundary=<boundary>
if-none-match     | "7319"                                               | <tag>
maxdataserviceversion | 3.0;NetFx                                        | 3.0;NetFx
odata-maxversion  | 4.0                                                  | 4.0
odata-maxversion  | 7319.0                                               | <version>
prefer            | odata.maxpagesize=7319, omit-values=nulls, jane=doe  | odata.maxpagesize=<int32>,omit-values=nulls,<preference>
prefer            | respond-async, return=minimal, callback; url="jane"  | respond-async,return=minimal,<preference>
user-agent        | Mozilla/5.0 (Windows NT 10.0; Jane)                  | Mozilla/<version> (Windows NT <version>; <word>)
isolation         | snapshot                                             | snapshot
"""


@pytest.mark.parametrize("line", FIELDS.strip().splitlines()[1:])
def test_a_header_field_is_shown_as_far_as_its_words_are_known(line: str) -> None:
    field, sent, recorded = (cell.strip() for cell in line.split("|"))
    assert shown({field: sent}) == {field: recorded}


def test_what_power_query_sends_is_shown_whole() -> None:
    sent = {name.lower(): value for name, value in POWER_QUERY.items()}
    assert shown(sent) == {name: value.replace(", ", ",") for name, value in sent.items()}


def test_a_field_that_is_not_listed_is_not_shown() -> None:
    fields = ("authorization", "cookie", "x-api-key", "host", "referer", "x-forwarded-for", "x-jane")
    assert shown(dict.fromkeys(fields, "gzip")) == {}
    assert not set(fields) & set(SHOWN)


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({}, "none"),
        ({"authorization": "Basic amFuZQ=="}, "basic"),
        ({"authorization": "Bearer"}, "empty bearer"),
        ({"authorization": "Bearer jane"}, "bearer"),
        ({"authorization": "Jane doe"}, "another scheme"),
        ({"x-api-key": "jane"}, "header"),
    ],
)
def test_how_someone_signed_in_is_one_word(headers: dict[str, str], word: str) -> None:
    assert sign_in(headers) == word


def note_of(path: str, query: str = "", headers: dict[str, str] | None = None) -> Note:
    """A request that has been answered."""
    target = target_of({"raw_path": path.encode(), "query_string": query.encode()})
    note = Note(target, headers or {}, Connection("http", local=True), "http://127.0.0.1:8000/")
    note.status, note.role, note.route = 200, "viewer", "odata"
    return note


def recorded(note: Note, method: str = "GET") -> dict[str, Any]:
    """What the file would say."""
    return entry(method, note, ADDRESSES, Limits())


UNPARSED = """
query                          | options
$filter=AreaId eq 'jane        | $filter
$filter=%zz&jane=doe&$top=3    | $filter, *, $top
$jane=7319                     | *
api_key=sekrit&$top=3          | api_key, $top
"""


@pytest.mark.parametrize("line", UNPARSED.strip().splitlines()[1:])
def test_a_query_that_cannot_be_read_leaves_the_names_of_its_options(line: str) -> None:
    query, options = (cell.strip() for cell in line.split("|"))
    made = recorded(note_of("/odata/v1/Areas", query))
    assert (made["unparsed"], made["options"]) == (["query"], options.split(", "))
    assert "query" not in made


def test_a_key_in_a_url_is_not_even_looked_into() -> None:
    made = new_key("viewer", pepper=b"p" * 32, purpose="test", role="viewer")
    note = note_of("/odata/v1/Areas", f"$filter=AreaId eq '{made.key.key_id}.{made.secret}'".replace(" ", "%20"))
    assert recorded(note)["options"] == ["$filter"]


PATHS = """
path                     | route              | recorded
/odata/v1                | odata              | /odata/v1
/odata/v1/               | odata              | /odata/v1/
/odata/v1/Areas('jane')  | odata              | /odata/v1/Areas('<string>')
/odata/v1/Areas('jane    | odata              | <path>
/odata/v1x/Areas         | none               | /<segment>
/v1/views/Areas.csv      | views              | /v1/views/Areas.csv
/v1/views/Jane.csv       | views              | /v1/views/<segment>
/v1/powerbi/viewer/Viewer.pbit | powerbi      | /v1/powerbi/viewer/Viewer.pbit
/v1/powerbi/jane/Jane.pbit | powerbi          | /v1/powerbi/<segment>/<segment>
/docs                    | /docs              | /docs
/templates/jane          | /templates/{name}  | /templates/{name}
/jane                    | none               | /<segment>
"""


@pytest.mark.parametrize("line", PATHS.strip().splitlines()[1:])
def test_a_path_is_shown_by_words_of_ours(line: str) -> None:
    path, route, shown_path = (cell.strip() for cell in line.split("|"))
    note = note_of(path)
    note.route = route
    assert recorded(note)["path"] == shown_path


def test_a_batch_shows_each_request_in_it_in_the_same_way() -> None:
    note = note_of("/odata/v1/$batch", headers={"host": "sekrit.example", "content-type": "application/json"})
    parts = (
        Part(url="Areas('jane')?$top=5", headers={"accept": "*/*", "x-jane": "doe"}, id="jane"),
        Part(url="/odata/v1/Areas/$count", depends_on=("jane",), id="doe"),
        Part(url="http://sekrit.example/odata/v1/Teams?$filter=TeamCode%20eq%20'jane"),
        Part(url="http://elsewhere.example/Jane"),
        Part(id="broken", problem=NotFound("jane")),
    )
    note.parts = [PartDone(part, 200, "application/json") for part in parts]
    made = recorded(note, "POST")["parts"]
    assert [one["path"] for one in made] == [
        "Areas('<string>')",
        "<path>Areas/$count",
        "<root>Teams",
        "<path>",
        "",
    ]
    assert (made[0]["query"], made[0]["headers"], made[1]["after"]) == ("$top=<int32>", {"accept": "*/*"}, [0])
    assert [one.get("unparsed") for one in made] == [None, None, ["query"], ["path"], ["request"]]
    assert "jane" not in json.dumps(made).lower()


def test_a_fault_in_the_redaction_writes_nothing_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_: object) -> str:
        raise RuntimeError("sekrit")

    monkeypatch.setattr(recording, "redacted_query", fault)
    made = recorded(note_of("/odata/v1/Areas", "$top=7319"))
    assert (made["path"], made["unparsed"], made["status"]) == ("<path>", ["path", "query"], 200)


PIECES = (
    *("sekrit", "7319", "se", "krit", "%73ekrit", "'", "%27", '"', "(", ")", "=", "&", "/", "?", ",", ";", ".", "@"),
    *(" ", "%20", "+", "$", "#", "<", ">", "%", "*", ":", "-", "{", "}", "[", "]", "\\", "é", "\n"),
    *("$filter=", "$apply=", "$search=", "$expand=", "$orderby=", "$select=", "$format=", "$skiptoken=", "$top="),
    *("Areas", "AreaId", "Area", "CallArrival", "eq", "and", "search(", "filter(", "contains(", "NOT", "OR", "null"),
    *("2026-01-31", "T05:00:00Z", "duration'", "binary'", "gzip", "q=0.5", "application/json", "Mozilla/5.0", "true"),
    *("$filter=AreaId%20in%20[%22sekrit%22]&", "$apply=search(sekrit)&", "&$format=sekrit/7319", "&$skiptoken=sekrit"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
HEADERS = st.dictionaries(st.sampled_from([*SHOWN, "authorization", "cookie", "x-api-key", "host", "sekrit"]), TEXTS)


@settings(max_examples=1_500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(TEXTS, TEXTS, HEADERS, TEXTS, TEXTS)
def test_whatever_is_sent_no_marked_value_is_written_down(
    path: str, query: str, headers: dict[str, str], url: str, word: str
) -> None:
    note = note_of(f"/odata/v1/{path}", query, headers)
    note.parts = [PartDone(Part(word, url, headers, word, (word,)), 200, "application/json")]
    made = json.dumps(recorded(note, word), ensure_ascii=False).lower()
    assert '"headers"' in made, "something unforeseen happened"
    assert "sekrit" not in made
    assert "7319" not in made


def test_the_file_is_private_and_has_an_end(tmp_path: Path) -> None:
    file, seen = tmp_path / "requests.jsonl", list[Observation]()
    file.touch(0o644)
    for _ in range(3):  # a service that is started again goes on in the same file, to the same end
        recorder = Recorder(file, 4_096, ADDRESSES, Limits(), seen.append)
        for _ in range(14):
            recorder("GET", note_of("/odata/v1/Areas", "$top=1"))
        recorder.close()
    lines = file.read_bytes().splitlines(keepends=True)
    assert file.stat().st_size <= 4_096
    assert lines.index(END) == len(lines) - 1
    assert [json.loads(line) for line in lines]
    assert [one.why for one in seen if isinstance(one, RecordingEnded)] == ["full", "full"]
    assert [one.bytes_left > 0 for one in seen if isinstance(one, RecordingStarted)] == [True, True, False]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_opened_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for place in (tmp_path, tmp_path / "missing" / "file", tmp_path / "link"):
        with pytest.raises(ConfigurationError, match="cannot record requests"):
            Recorder(place, 4_096, ADDRESSES, Limits(), lambda _: None)


def test_a_disk_without_room_ends_the_recording_and_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[Observation]()
    recorder = Recorder(tmp_path / "file", 4_096, ADDRESSES, Limits(), seen.append)

    def full(*_: object) -> int:
        raise OSError("no room")

    monkeypatch.setattr(os, "write", full)
    recorder("GET", note_of("/odata/v1/"))
    recorder("GET", note_of("/odata/v1/"))
    assert seen[1:] == [RecordingEnded("OSError")]
