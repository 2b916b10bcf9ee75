"""Draws SVG as PNG: {"svgs": {name: text}, "folder": path} -> {name: bytes written}.

A judge script: run by the interpreter of the judges, JSON on both sides. One font, that of the package fontpkg-open-sans,
and none of the machine's, so that a picture is the same everywhere; 128 colours keep it small.
"""

from __future__ import annotations

import io
import json
import sys
from importlib.resources import files
from pathlib import Path

import resvg_py
from PIL import Image

COLOURS = 128


def main():
    asked = json.load(sys.stdin)
    fonts = [str(file) for file in files("fontpkg_open_sans").joinpath("files").iterdir() if "Italic" not in file.name]
    written = {}
    for name, svg in asked["svgs"].items():
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_files=fonts))
        target = Path(asked["folder"], name)
        whole = Image.open(io.BytesIO(png)).convert("RGB")
        whole.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
        written[name] = target.stat().st_size
    json.dump(written, sys.stdout)


main()
