"""The page of a compiled program, in Python: shown by notebooks, opened in a browser, written to a file."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass
from pathlib import Path

from qsac.arguments import file_path
from qsac.files.writing import write_whole

_HEIGHT = 820
"""Pixels of a page in a notebook."""


@dataclass(frozen=True, repr=False)
class Page:
    """One HTML document, ``html``, that needs nothing else: what `qsac view` writes. Notebooks show it in a frame of
    its own, in which its code runs and reaches nothing of the notebook."""

    name: str
    html: str

    def __repr__(self) -> str:
        size = len(self.html.encode()) / 1000
        return f"<Page of {self.name!r}: {size:,.0f} kB; .save(path) writes it, .open() shows it>"

    def _repr_html_(self) -> str:
        inside = html.escape(self.html)
        return (
            f'<iframe sandbox="allow-scripts" width="100%" height="{_HEIGHT}" frameborder="0" '
            f'title="{html.escape(self.name)}" srcdoc="{inside}"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all. Raises :class:`~qsac.errors.InvalidInputError` where that cannot be."""
        write_whole(file_path(path, "page"), [self.html])

    def open(self) -> bool:
        """Show the page in a browser, from a temporary file; False where there is no browser."""
        import tempfile
        import webbrowser

        place = Path(tempfile.mkdtemp(prefix="qsac-")) / "page.html"
        self.save(place)
        return webbrowser.open(place.as_uri())
