"""Making hashes match again after a mutation, so that what is tested are the checks behind them. Hashes tell accident:
whoever changes a file on purpose computes them anew, as is done here."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import Any

from qsac.families.reading import load


def digest_of(document: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON of everything but the digest (model.md)."""
    rest = {name: value for name, value in document.items() if name != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def resealed(document: Any, touched: tuple[str, ...] = ()) -> Any:
    """An artifact or template whose ``sha256`` and ``digest``, where it has them, are right again.

    ``touched`` are the pointers of what was changed: a hash that was itself changed is left as it is.
    """
    if not isinstance(document, dict):
        return document
    made = dict(document)
    if "sha256" in made and "/sha256" not in touched and isinstance(made.get("model"), dict):
        # A model that is refused has no hash; whether it is refused well, the kind `models` asks.
        with suppress(Exception):
            made["sha256"] = load(made["model"]).sha256
    if "digest" in made and "/digest" not in touched:
        with suppress(ValueError, RecursionError):
            made["digest"] = digest_of(made)
    return made
