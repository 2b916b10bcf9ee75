"""The address in the templates, and the address of each environment -> `parameter.yml`, which fabric-cicd reads.

fabric-cicd publishes the folder that this file lies in, and replaces the one value in the model on the way.
Pure; called by `assembly` and by `crisis powerbi deploy`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

FILE = "parameter.yml"
HEAD = """\
# Read by fabric-cicd, which publishes the folder that this file lies in (crisis powerbi deploy does).
# Each environment has its own address of the service: one line a name, https, no slash at its end.
"""


def parameter_yml(
    name: str, base: str, environments: Mapping[str, str], connections: Mapping[str, str] | None = None
) -> bytes:
    """The file for the items called `name`, whose model says `base`.

    `environments` gives each its address, `connections` the id of the connection that the model is bound to there.
    """
    lines = [f"        {environment}: {_quoted(address)}" for environment, address in environments.items()]
    text = f"""{HEAD}find_replace:
    - find_value: {_quoted(base)}
      replace_value:
{chr(10).join(lines)}
      item_type: "SemanticModel"
      item_name: {_quoted(name)}
      file_path: {_quoted(f"/{name}.SemanticModel/definition/expressions.tmdl")}
"""
    if connections:
        bound = [f"              {environment}: {_quoted(identity)}" for environment, identity in connections.items()]
        text += f"""semantic_model_binding:
    models:
        - semantic_model_name: {_quoted(name)}
          connection_id:
{chr(10).join(bound)}
"""
    return text.encode()


def _quoted(text: str) -> str:
    """A YAML scalar between double quotes; JSON's spelling is one."""
    return json.dumps(text)
