"""One message to the webhook: how something ended, in words and codes of ours, without row values. A dead-man's switch
at the other end notices runs that never came to their end, because then nothing is sent.

Called by jobs.following.run_end.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from jobs.following.patience import Patience
from jobs.following.refreshing import Ending

WAITS = (2.0, 10.0)
"""Seconds before the second and the third try."""


def tell(client: httpx.Client, address: str, message: Mapping[str, object], patience: Patience) -> Ending:
    """POST the message as JSON until it is taken, three times at most; how that ended."""
    ending = Ending("unreachable", "")
    for wait in (*WAITS, None):
        try:
            answer = client.post(address, json=dict(message))
        except httpx.TransportError as error:
            ending = Ending("unreachable", type(error).__name__)
        else:
            if answer.is_success:
                return Ending("done", str(answer.status_code))
            ending = Ending("refused", str(answer.status_code))
            if answer.status_code < 500 and answer.status_code != 429:
                break
        if wait is None or not patience.wait(wait):
            break
    return ending
