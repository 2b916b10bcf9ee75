"""Publishes one audience with the real fabric-cicd, through `jobs.deployment`, into a stand-in of Fabric on this machine.

Run by the interpreter of the locked environment `fabric`. JSON in: the checkout, the stand-in's address, what to publish;
JSON out: what was published, or the error as `crisis powerbi deploy` says it.
"""

from __future__ import annotations

import json
import logging
import sys
import time


class Credential:
    """A token that no tenant gave out; the stand-in takes any and notes it."""

    def get_token(self, *_scopes: str, **_more: object) -> object:
        """As azure-identity's credentials have it."""
        from azure.core.credentials import AccessToken

        return AccessToken("token-of-the-stand-in", int(time.time()) + 3600)


def main() -> None:
    """Publish once."""
    asked = json.load(sys.stdin)
    sys.path.insert(0, asked["checkout"])
    import fabric_cicd
    from fabric_cicd import constants

    from jobs.deployment import fabric
    from jobs.deployment.plan import plan
    from models.errors import CrisisError

    logging.disable(logging.CRITICAL)
    constants.DEFAULT_API_ROOT_URL = constants.FABRIC_API_ROOT_URL = asked["api"]
    said: dict[str, object] = {"library": fabric_cicd.constants.VERSION}
    try:
        wanted = plan(**asked["plan"])
        fabric.publish(wanted, Credential(), "token-of-the-stand-in")
        said["items"] = list(wanted.items)
    except CrisisError as error:
        said["error"] = {"code": error.code, "message": error.message, "hint": error.hint}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
