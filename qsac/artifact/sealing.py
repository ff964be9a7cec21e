"""Seals of the files that qsac writes: a digest that tells accidental changes, and what the file was produced with.

The digest is the SHA-256 of the canonical JSON of everything else in the document: fields sorted, no blanks, ASCII. It
tells accident, not malice: anybody can compute it, so that costs, limits, verification and results never rely on it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from typing import Any

from qsac.artifact.fingerprint import library_version, version
from qsac.errors import InvalidInputError

FIELD = "digest"
LIBRARIES = ("pytket", "qiskit", "numpy")


def canonical(value: Any) -> str:
    """The canonical JSON of a value: fields sorted, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest_of(document: Mapping[str, Any]) -> str:
    """The digest that a document has to bear, in hexadecimal."""
    rest = {name: value for name, value in document.items() if name != FIELD}
    try:
        text = canonical(rest)
    except RecursionError:
        raise InvalidInputError(
            "the document is nested too deeply",
            code="json.too-deep",
        ) from None
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def check_digest(document: Mapping[str, Any], kind: str) -> None:
    """Refuse a document, an artifact or a template, that was changed after it was written.

    Raises :class:`~qsac.errors.InvalidInputError` for a digest that does not match, and where there is none.
    """
    found = document.get(FIELD)
    if found is None:
        raise InvalidInputError(
            f"the {kind} has no digest: it was written by an unfinished qsac",
            code="seal.missing",
            pointer=f"/{FIELD}",
            help=f"compile again, or seal it after a look at it: {RESEAL}",
        )
    wanted = digest_of(document)
    if found != wanted:
        raise InvalidInputError(
            f"the {kind} was changed after it was written: its digest does not match",
            code="seal.mismatch",
            pointer=f"/{FIELD}",
            found=str(found)[:64],
            wanted=wanted,
            help=f"`qsac verify` says what differs; if the change was meant, seal it: {RESEAL}",
        )


RESEAL = "qsac verify --reseal FILE -o NEW"
"""How a document that was changed on purpose gets its digest."""


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    libraries = ((name, library_version(name)) for name in LIBRARIES)
    return ("qsac", version()), ("python", platform.python_version()), *libraries


def producer() -> dict[str, str]:
    """The versions of qsac, Python and the libraries that decide the bytes of what this process writes."""
    return dict(_versions())
