"""What a refresh of a semantic model asks: token, capacity, refresh, look. Values in, status and JSON out.

Speaks to the addresses in the settings only, over https (plain http on the loopback address alone), follows no
redirect, and passes on codes and states, never texts of an answer: those may hold values of data. Called by
jobs.following.refreshing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from jobs.following.configured import Place, PowerBi

SECONDS = 30.0
CODE = re.compile(r"[A-Za-z0-9_.-]{1,80}\Z")


@dataclass(frozen=True)
class Answer:
    """Status, header fields and JSON of an answer ({} where it holds none)."""

    status: int
    fields: Mapping[str, str]
    body: dict[str, Any] = field(repr=False)

    @property
    def code(self) -> str:
        """`403 PowerBINotAuthorizedException`: what may be written down of a refusal."""
        error = self.body.get("error")
        said = error.get("code") if isinstance(error, dict) else error
        return f"{self.status} {said}" if isinstance(said, str) and CODE.match(said) else str(self.status)


class Refused(Exception):
    """The sign-in was refused: `code` says by what, without any text of the answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Service:
    """Power BI, as an application sees it. Raises httpx.HTTPError where nothing answers, Refused at the sign-in."""

    def __init__(self, settings: PowerBi, client: httpx.Client) -> None:
        self.settings = settings
        self._client = client
        self._token = ""

    def is_dedicated(self, model: Place) -> bool:
        """Whether the workspace says that it lies on a capacity that takes enhanced refreshes."""
        answer = self._call("GET", f"groups/{model.workspace}")
        return answer.status == 200 and answer.body.get("isOnDedicatedCapacity") is True

    def ask(self, model: Place, body: Mapping[str, Any]) -> Answer:
        """Ask for a refresh."""
        return self._call("POST", _refreshes(model), dict(body))

    def look(self, model: Place, refresh_id: str) -> Answer:
        """One enhanced refresh."""
        return self._call("GET", f"{_refreshes(model)}/{refresh_id}")

    def history(self, model: Place) -> Answer:
        """The latest refreshes, of any kind."""
        return self._call("GET", f"{_refreshes(model)}?$top=20")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """One request; with a fresh token once more, where the token was not taken."""
        answer = self._send(method, path, body)
        if answer.status == 401:
            self._token = ""
            answer = self._send(method, path, body)
        return answer

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> Answer:
        self._token = self._token or self._sign_in()
        head = {"Authorization": f"Bearer {self._token}"}
        address = f"{self.settings.api}/v1.0/myorg/{path}"
        return _answer(self._client.request(method, address, json=body, headers=head))

    def _sign_in(self) -> str:
        """A token for the application, by its secret."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.settings.client,
            "client_secret": self.settings.secret(),
            "scope": self.settings.scope,
        }
        answer = _answer(
            self._client.post(f"{self.settings.login}/{self.settings.tenant}/oauth2/v2.0/token", data=form)
        )
        token = answer.body.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            raise Refused(f"sign-in {answer.code}")
        return token


def _refreshes(model: Place) -> str:
    return f"groups/{model.workspace}/datasets/{model.dataset}/refreshes"


def _answer(response: httpx.Response) -> Answer:
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = {}
    return Answer(response.status_code, response.headers, body if isinstance(body, dict) else {})


@contextmanager
def calling() -> Iterator[httpx.Client]:
    """A client for requests to others: no redirects, no proxy credentials of a netrc, a limit on each request."""
    with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
        yield client
