"""The pure parts of the edge: what a log may show of a URL, which connections are private, which bytes go out."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.auth.challenge import challenge
from api.auth.credentials import Credential, credential_of
from api.edge.connection import connection_of, public_root, require_public_url
from api.edge.limits import QueryGate, RequestRate
from api.edge.sending import PIECE, cut, marked, packed, send_response, takes_gzip, unmarked
from api.edge.target import require_readable, target_of
from api.odata.exchange import Response
from models.errors import Busy, ConfigurationError, RateLimited, SyntaxProblem, Unauthenticated, UrlTooLong
from models.service.keys import new_key
from models.settings import ApiSettings

SECRET = new_key("x", "viewer", pepper=bytes(32)).secret


def scope(
    url: str = "/", *, client: str = "127.0.0.1", server: str = "127.0.0.1", scheme: str = "http"
) -> dict[str, Any]:
    path, _, query = url.partition("?")
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
        "scheme": scheme,
        "client": (client, 5000),
        "server": (server, 8000),
    }


# --- what a log shows of a URL ----------------------------------------------------------------------------------------

REDACTED = """
/odata/v1/DailyCalls?$filter=AreaId eq '001'&$top=5     | /odata/v1/DailyCalls?$filter&$top
/odata/v1/Incidents(4711)                               | /odata/v1/Incidents
/odata/v1/Persons('Jane')/Name                          | /odata/v1/*/*
/v1/views/DailyCalls.csv                                | /v1/views/DailyCalls
/v1/views/DailyCalls.csv?myvalue                        | /v1/views/DailyCalls?*
/v1/powerbi/viewer/CrisisMetricsViewer.pbit             | /v1/powerbi/viewer/CrisisMetricsViewer
/v1/powerbi/jane/Doe.pbit                               | /v1/powerbi/*/*
/odata/v1/$metadata?$Format=json&top=1&top=2            | /odata/v1/$metadata?*&top
/                                                       | /
/jane.doe@example.org/..                                | /*/*
"""


@pytest.mark.parametrize("line", REDACTED.strip().splitlines())
def test_a_log_shows_words_of_ours_and_option_names_only(line: str) -> None:
    url, shown = (part.strip() for part in line.split("|"))
    assert target_of(scope(url)).redacted == shown


@given(st.text(st.characters(codec="utf-8", exclude_characters="/?&=(."), min_size=1, max_size=40))
def test_no_text_of_a_caller_reaches_the_redacted_url(text: str) -> None:
    plain = target_of(scope("/odata/v1/Calls?$filter=x")).redacted
    assert target_of(scope(f"/odata/v1/Calls?$filter={text}")).redacted == plain
    assert text in ("v1", "views", "odata") or "/*" in target_of(scope(f"/odata/~{text}")).redacted


SECRETS = """
/odata/v1/?key=abc                          | yes
/odata/v1/?api_key=abc                      | yes
/odata/v1/?apiKey=abc                       | yes
/odata/v1/?%61pikey=abc                     | yes
/odata/v1/?access_token=abc                 | yes
/odata/v1/?subscription-key=abc             | yes
/odata/v1/?Ocp-Apim-Subscription-Key=abc    | yes
/odata/v1/?code=abc                         | yes
/odata/v1/?sig=abc                          | yes
/odata/v1/?token                            | yes
/odata/v1/?anything=SECRET                  | yes
/odata/v1/SECRET                            | yes
/odata/v1/?$filter=Name eq 'SECRET'         | yes
/odata/v1/?x=%63ms%5FREST                   | yes
/odata/v1/?$skiptoken=abc                   | no
/odata/v1/?skiptoken=abc                    | no
/odata/v1/?$filter=AreaId eq '001'          | no
/odata/v1/?keyword=abc                      | no
/odata/v1/?x=cms_short                      | no
"""


@pytest.mark.parametrize("line", SECRETS.strip().splitlines())
def test_a_secret_in_a_url_is_known_by_its_name_or_its_form(line: str) -> None:
    url, expected = (part.strip() for part in line.split("|"))
    url = url.replace("SECRET", SECRET).replace("REST", SECRET.removeprefix("cms_"))
    assert target_of(scope(url)).carries_secret == (expected == "yes")


def test_a_url_has_a_longest_length_and_is_utf8() -> None:
    require_readable(target_of(scope("/" + "a" * 98)), 100)
    with pytest.raises(UrlTooLong):
        require_readable(target_of(scope("/" + "a" * 90 + "?" + "b" * 10)), 100)
    with pytest.raises(SyntaxProblem):
        require_readable(target_of({**scope("/"), "query_string": b"\xff\xfe"}), 100)


# --- which connections are private ------------------------------------------------------------------------------------

CONNECTIONS = """
client     | server    | scheme | x-forwarded-proto | x-forwarded-for | private | why
127.0.0.1  | 127.0.0.1 | http   | -                 | -               | yes     | both ends on this machine
::1        | ::1       | http   | -                 | -               | yes     | the same in IPv6
10.0.0.9   | 10.0.0.1  | http   | -                 | -               | no      | plain HTTP over the network
10.0.0.9   | 10.0.0.1  | https  | -                 | -               | yes     | TLS ends here
127.0.0.1  | 10.0.0.1  | http   | -                 | -               | no      | not bound to loopback
10.0.0.9   | 10.0.0.1  | http   | https             | -               | no      | anyone can say https
127.0.0.1  | 127.0.0.1 | http   | -                 | 10.0.0.9        | no      | an unknown proxy on this machine
10.9.9.9   | 10.0.0.1  | http   | https             | 10.0.0.9        | yes     | a trusted proxy saw https
10.9.9.9   | 10.0.0.1  | http   | http              | 10.0.0.9        | no      | a trusted proxy saw http
10.9.9.9   | 10.0.0.1  | http   | https,http        | 10.0.0.9        | no      | the client wrote https itself
10.9.9.9   | 10.0.0.1  | http   | -                 | -               | no      | a trusted proxy that says nothing
"""


@pytest.mark.parametrize("line", CONNECTIONS.strip().splitlines()[1:])
def test_credentials_travel_on_private_connections_only(line: str) -> None:
    client, server, scheme, proto, seen, private, _ = (part.strip() for part in line.split("|"))
    headers = {"x-forwarded-proto": proto, "x-forwarded-for": seen}
    headers = {name: value for name, value in headers.items() if value != "-"}
    found = connection_of(scope(client=client, server=server, scheme=scheme), headers, ("10.9.9.9",))
    assert found.private == (private == "yes")


ROOTS = """
public_url              | demo | host header      | root
https://m.example/      | no   | evil.example     | https://m.example/
https://m.example/base  | no   | -                | https://m.example/base/
-                       | no   | localhost:8000   | http://localhost:8000/
-                       | no   | 127.0.0.1:8000   | http://127.0.0.1:8000/
-                       | no   | [::1]:8000       | http://[::1]:8000/
-                       | no   | evil.example     | http://127.0.0.1:8123/
-                       | no   | localhost@evil   | http://127.0.0.1:8123/
-                       | no   | -                | http://127.0.0.1:8123/
-                       | yes  | mybox:8000       | http://mybox:8000/
-                       | yes  | my box/x         | http://127.0.0.1:8123/
"""


@pytest.mark.parametrize("line", ROOTS.strip().splitlines()[1:])
def test_links_are_built_from_the_setting_or_a_harmless_host(line: str, home: Path) -> None:
    url, demo, host, root = (part.strip() for part in line.split("|"))
    settings = ApiSettings(public_url=None if url == "-" else url, demo=demo == "yes", port=8123)
    connection = connection_of(scope(), {}, ())
    assert public_root(settings, connection, {} if host == "-" else {"host": host}) == root


def test_a_service_for_others_has_to_know_its_address(home: Path) -> None:
    require_public_url(ApiSettings())
    require_public_url(ApiSettings(host="10.0.0.1", public_url="https://m.example"))
    for wrong in ({"host": "10.0.0.1"}, {"public_url": "m.example"}, {"public_url": "https://m.example/?x"}):
        with pytest.raises(ConfigurationError):
            require_public_url(ApiSettings(**wrong))  # type: ignore[arg-type]


# --- credentials ------------------------------------------------------------------------------------------------------

CREDENTIALS = """
Basic Y21fYTpzZWNyZXQ=      | cm_a secret
basic Y21fYTpzZWNyZXQ=      | cm_a secret
Basic Y21fYTpzOmU=          | cm_a s:e
Bearer cm_a.secret          | cm_a secret
bearer  cm_a.secret         | cm_a secret
Bearer                      | -
Bearer cm_a                 | -
Basic                       | -
Basic !!!                   | -
Basic Y21fYQ==              | -
Basic /////w==              | -
Digest username="x"         | -
"""


@pytest.mark.parametrize("line", CREDENTIALS.strip().splitlines())
def test_a_key_travels_as_basic_or_bearer(line: str) -> None:
    header, expected = (part.strip() for part in line.split("|"))
    if expected == "-":
        with pytest.raises(Unauthenticated):
            credential_of({"authorization": header})
    else:
        assert credential_of({"authorization": header}) == Credential(*expected.split(" "))


def test_a_key_travels_in_a_header_of_its_own() -> None:
    assert credential_of({"x-api-key": "cm_a.secret"}) == Credential("cm_a", "secret")
    for headers in ({"x-api-key": "secret"}, {}, {"x-api-key": "cm_a." + "x" * 2000}):
        with pytest.raises(Unauthenticated):
            credential_of(headers)
    with pytest.raises(Unauthenticated):  # what Power Query asks first wins: it wants to see the challenge
        credential_of({"authorization": "Bearer", "x-api-key": "cm_a.secret"})


def test_the_challenge_names_both_kinds_bearer_first() -> None:
    assert challenge(None) == (
        ("WWW-Authenticate", "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize"),
        ("WWW-Authenticate", 'Basic realm="Crisis Metrics", charset="UTF-8"'),
    )
    assert "/my-tenant/" in challenge("my-tenant")[0][1]


# --- limits -----------------------------------------------------------------------------------------------------------


def test_a_key_has_its_share_of_requests_in_any_minute() -> None:
    moment = [600.0]
    rate = RequestRate(10, clock=lambda: moment[0])
    for _ in range(10):
        rate.count("a")
    with pytest.raises(RateLimited) as caught:
        rate.count("a")
    assert caught.value.retry_after == 60
    rate.count("b")  # another key has its own share
    moment[0] = 660.0  # a new minute: the last one still weighs whole
    with pytest.raises(RateLimited):
        rate.count("a")
    moment[0] = 690.0  # half of it is out of the sliding minute
    for _ in range(5):
        rate.count("a")
    with pytest.raises(RateLimited):
        rate.count("a")
    moment[0] = 900.0
    rate.count("a")


def test_a_query_waits_its_turn_and_not_for_ever() -> None:
    async def scene() -> None:
        gate = QueryGate(1, patience=0.01)
        async with gate.turn():
            with pytest.raises(Busy) as caught:
                async with gate.turn():
                    raise AssertionError("two at the same time")
            assert caught.value.retry_after
        async with gate.turn():
            pass  # the place was given back

    asyncio.run(scene())


# --- bytes ------------------------------------------------------------------------------------------------------------

SIZES = st.lists(st.integers(0, 40) | st.integers(0, 3 * PIECE), max_size=12)


@given(SIZES)
def test_pieces_are_the_body_and_none_is_too_long(sizes: list[int]) -> None:
    chunks = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    pieces = list(cut(chunks))
    assert b"".join(pieces) == b"".join(chunks)
    assert all(0 < len(piece) <= PIECE + (1 << 14) for piece in pieces)
    assert gzip.decompress(b"".join(packed(chunks))) == b"".join(chunks)


def test_a_long_memoryview_is_sliced_and_not_copied() -> None:
    whole = memoryview(bytes(3 * PIECE))
    assert all(isinstance(piece, memoryview) and piece.obj is whole.obj for piece in cut([whole]))


ACCEPTS = """
gzip, deflate        | yes
GZIP;q=0.5           | yes
*                    | yes
gzip;q=0             | no
*;q=0                | no
gzip;q=0, *          | no
deflate, br          | no
identity             | no
gzip;q=x             | no
"""


@pytest.mark.parametrize("line", [*ACCEPTS.strip().splitlines(), " | no"])
def test_gzip_is_used_when_the_client_takes_it(line: str) -> None:
    header, expected = (part.strip() for part in line.split("|"))
    assert takes_gzip(header) == (expected == "yes")


def test_the_packed_form_has_its_own_strong_tag() -> None:
    assert marked('"v1"') == '"v1-gzip"'
    assert marked('W/"v1"') == 'W/"v1"'
    assert unmarked('"v1-gzip", W/"v2"') == '"v1", W/"v2"'


def sent(
    response: Response, accepts: str = "", method: str = "GET", *, leaves: bool = False
) -> tuple[dict[str, str], bytes, bool]:
    """Headers and body as the client gets them, and whether it stayed to the end."""
    out: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        out.append(message)
        await asyncio.sleep(0)

    whole = asyncio.run(send_response(response, {"method": method}, receive, send, accepts=accepts))
    headers = {name.decode(): value.decode() for name, value in out[0]["headers"]}
    return headers, b"".join(message.get("body", b"") for message in out[1:]), whole


JSON = (("Content-Type", "application/json;odata.metadata=minimal"), ("ETag", '"v1"'), ("Content-Length", "9"))


def test_a_known_body_has_its_length_and_a_packed_one_its_encoding() -> None:
    body = json.dumps(list(range(1000))).encode()
    headers, got, _ = sent(Response(200, JSON, (body[:700], memoryview(body)[700:])))
    assert (headers["content-length"], got) == (str(len(body)), body)
    headers, got, _ = sent(Response(200, JSON, (body,)), "gzip")
    assert "content-length" not in headers
    assert (headers["content-encoding"], headers["etag"]) == ("gzip", '"v1-gzip"')
    assert gzip.decompress(got) == body
    assert "Accept-Encoding" in headers["vary"]
    headers, got, _ = sent(Response(200, (("Content-Type", "application/vnd.apache.parquet"),), (body,)), "gzip")
    assert ("content-encoding" not in headers, got) == (True, body)


def test_head_and_304_have_no_body() -> None:
    for response, method in ((Response(200, JSON, (b"x" * 5000,)), "HEAD"), (Response(304, JSON, ()), "GET")):
        headers, got, _ = sent(response, method=method)
        assert got == b""
        assert headers["etag"] == '"v1"'
    assert "content-length" not in headers


class Lazy:
    """A lazy body that notes how far it was read and that it was closed."""

    def __init__(self) -> None:
        self.read = 0
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            self.read += 1
            yield bytes(PIECE)

    def close(self) -> None:
        self.closed = True


def test_a_client_that_leaves_stops_the_stream_and_frees_what_it_held() -> None:
    body = Lazy()
    _, _, whole = sent(Response(200, (), body), leaves=True)
    assert not whole
    assert body.closed
    assert body.read < 100
    stayed = Lazy()
    _, got, whole = sent(Response(200, (), stayed))
    assert whole
    assert stayed.closed
    assert len(got) == 100 * PIECE
