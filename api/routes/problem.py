"""CrisisError -> the answer that says so: the OData error shape, plus the headers that its class asks for.

One shape on every route. Called by the frame, the data routes and the FastAPI error handlers.
"""

from __future__ import annotations

from collections.abc import Callable

from api.auth.challenge import challenge
from api.edge.note import Note
from api.odata.exchange import Response
from api.odata.protocol.negotiation import version_of_error
from api.odata.service import error_response
from models.errors import CrisisError, MethodProblem, Unauthenticated, Unavailable

SOON = 5
"""Seconds after which an Unavailable is worth another try, where the error names none."""


def problem_writer(tenant: str | None) -> Callable[[CrisisError, Note], Response]:
    """A function that writes an error for a request; `tenant` goes into the sign-in challenge."""

    def problem(error: CrisisError, note: Note) -> Response:
        plain = error_response(error, request_id=note.request_id, version=version_of_error(note.headers))
        headers = list(plain.headers)
        if isinstance(error, Unauthenticated):
            headers += challenge(tenant)
        if isinstance(error, MethodProblem):
            headers.append(("Allow", error.allowed))
        wait = error.retry_after or (SOON if isinstance(error, Unavailable) else None)
        if wait is not None:
            headers.append(("Retry-After", str(wait)))
        return Response(plain.status, tuple(headers), plain.body, plain.trace)

    return problem
