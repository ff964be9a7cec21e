"""The page as text: one file that needs nothing else, and in which nothing of the artifact can act.

What comes from the artifact stands in one block of JSON, in which no ``<`` is left, and the page's own code puts every
text of it into the document as text. The content security policy lets that code run, named by its hash, and nothing
else: no other script, no style, no request.
"""

from __future__ import annotations

import hashlib
import html
import json
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from qsac.artifact.compiled import Compiled
from qsac.errors import printable
from qsac.progress import Progress
from qsac.views.page.collecting import collected

BEGINNING = "<!doctype html>\n<!-- a page of qsac view -->\n"
"""How every page begins, and no other file."""

_ASSETS = Path(__file__).parent / "assets"

_SCRIPTS = (
    "start",
    "data",
    "parts",
    "colours",
    "shared",
    "head",
    "heat",
    "model",
    "program",
    "scene",
    "axis",
    "drawing",
    "view",
    "selection",
    "search",
    "lines",
    "waterfall",
    "passes",
    "allocation",
    "graph",
    "device",
    "readout",
    "verification",
    "keys",
    "main",
)
"""The page's own code, in the order in which it is joined."""


def page(
    compiled: Compiled, file: str | None = None, *, timings: bool = False, progress: Progress | None = None
) -> Iterator[str]:
    """The page of a compiled program, in parts, with commands for the artifact of the name ``file``. The same program
    and name give the same bytes, unless ``timings`` asks for the time that each stage takes now.

    Raises :class:`~qsac.errors.DoesNotFitError` for more gates than a page can show, and
    :class:`~qsac.errors.InvalidInputError` for a target or options that are none.
    """
    found = collected(compiled, file, timings=timings, progress=progress)
    code, style = script(), _asset("page.css")
    policy = (
        f"default-src 'none'; script-src {_hash(code)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    yield BEGINNING
    yield '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{html.escape(printable(compiled.model.name))} · qsac</title>\n<style>{style}</style>\n</head>\n"
    yield "<body>\n<noscript>This page draws itself by JavaScript, which is switched off.</noscript>\n"
    yield '<script type="application/json" id="data">'
    yield inert(found)
    yield f"</script>\n<script>{code}</script>\n</body>\n</html>\n"


def inert(value: Any) -> str:
    """JSON that may stand between script tags: nothing in it can end them, or begin a comment."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def script() -> str:
    """All code of the page: the bundle of d3 with its licences, and its own, in one closure."""
    licences = "\n".join(f" * {line}".rstrip() for line in _asset("d3/LICENSE").splitlines())
    own = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    return f'/*\n{licences}\n */\n{_asset("d3/d3.js")}\n(() => {{\n"use strict";\n{own}}})();\n'


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
