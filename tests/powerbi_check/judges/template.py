"""Opens a .pbit with foreign readers: pbix-mcp reads pages and visuals, Microsoft's object model the model inside.

JSON in: the path of a .pbit; JSON out: what each found in it, or why it could not.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile

from versions import object_model


def report(path: str) -> dict[str, object]:
    """What pbix-mcp says of the file, and how many pages and visuals it sees."""
    from pbix_mcp import server

    said = server.pbix_open(path, "template")
    found = server.pbix_get_pages("template")
    visuals = [int(number) for number in re.findall(r"(\d+) visuals?", found)]
    return {"opened": said, "pages": found, "visuals": sum(visuals)}


def model(path: str) -> dict[str, object]:
    """Tables and measures as Microsoft's object model reads them."""
    object_model()
    import importlib.util
    from pathlib import Path

    import clr

    library = Path(importlib.util.find_spec("sempy").origin).parent / "lib"
    for name in (
        "Microsoft.AnalysisServices.Core",
        "Microsoft.AnalysisServices",
        "Microsoft.AnalysisServices.Tabular.Json",
    ):
        clr.AddReference(str(library / name))
    from Microsoft.AnalysisServices import CompatibilityMode
    from Microsoft.AnalysisServices.Tabular import DeserializeOptions, JsonSerializer

    with zipfile.ZipFile(path) as packed:
        text = packed.read("DataModelSchema").decode("utf-16-le")
    database = JsonSerializer.DeserializeDatabase(text, DeserializeOptions(), CompatibilityMode.PowerBI)
    tables = list(database.Model.Tables)
    return {
        "name": database.Name,
        "level": database.CompatibilityLevel,
        "tables": len(tables),
        "measures": sum(table.Measures.Count for table in tables),
    }


def main() -> None:
    """Both readers, one after the other."""
    path = json.load(sys.stdin)
    said = {}
    for name, reader in (("report", report), ("model", model)):
        try:
            said[name] = reader(path)
        except Exception as error:  # noqa: BLE001 - whatever a foreign reader stumbles over is its verdict
            said[name] = {"error": f"{type(error).__name__}: {error}"[:2000]}
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
