"""docs/api.md names everything that the package exports, in the words of the code."""

import inspect
import os
from pathlib import Path

import qsac

PAGE = Path(__file__).parents[2] / "docs" / "api.md"

HEAD = "# Python: every name\n\nFrom the code. [Python](python.md) tells what to use when.\n"


def _directive(name: str) -> str:
    found = getattr(qsac, name)
    if inspect.isroutine(found):
        return f".. autofunction:: qsac.{name}\n"
    if issubclass(found, Exception):
        return f".. autoexception:: qsac.{name}\n"
    return f".. autoclass:: qsac.{name}\n   :members:\n"


def _page() -> str:
    kinds = {"Functions": "autofunction", "Classes": "autoclass", "Errors and warnings": "autoexception"}
    directives = [_directive(name) for name in sorted(qsac.__all__)]
    parts = [HEAD]
    for title, kind in kinds.items():
        found = [text for text in directives if f" {kind}::" in text]
        assert found
        parts.append("\n".join([f"## {title}\n", "```{eval-rst}", "\n".join(found) + "```\n"]))
    return "\n".join(parts)


def test_every_name_is_on_the_page() -> None:
    if os.environ.get("QSAC_REGENERATE"):
        PAGE.write_text(_page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == _page()
