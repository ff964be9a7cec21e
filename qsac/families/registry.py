"""Where families are found: the folders of :mod:`qsac.families` that have a ``SECTION``, and entry points of others.

A folder says its section without importing the family, ``FAMILY`` in its ``family.py``: a model loads its own alone.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import cast

from qsac.families.contract import Family, Model
from qsac.plugins import listed, offered

PACKAGE = "qsac.families"


def builtin_sections() -> tuple[str, ...]:
    """The sections of qsac's own families."""
    return tuple(_builtin())


def sections() -> tuple[str, ...]:
    """The sections of all families: those of qsac, then those of other packages."""
    builtin = _builtin()
    return (*builtin, *listed("qsac.families", builtin))


def family(section: str) -> Family:
    """The family of a section. Raises :class:`~qsac.errors.InvalidInputError` for an unknown one,
    :class:`~qsac.errors.ExtensionError` for what another package offers and cannot be used."""
    builtin = _builtin()
    if section in builtin:
        return _imported(builtin[section])
    offer = offered("qsac.families", section, builtin, "qsac schema", code="model.unknown-family")
    found = offer.load()
    offer.check(found, _wants)
    return cast(Family, found)


def family_of(model: Model) -> Family:
    """The family of a model."""
    return family(model.section)


@functools.lru_cache(maxsize=1)
def _builtin() -> dict[str, str]:
    """Section -> folder of the families in this package, by section."""
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__):
        folder = f"{PACKAGE}.{module.name}"
        section = getattr(importlib.import_module(folder), "SECTION", None) if module.ispkg else None
        if section is None:
            continue
        if section in found:
            raise TypeError(f"two folders of {PACKAGE} have the section {section!r}")
        found[section] = folder
    return dict(sorted(found.items()))


def _imported(folder: str) -> Family:
    """The family of a folder."""
    made: Family = importlib.import_module(f"{folder}.family").FAMILY
    return made


_ASKED = tuple(name for name in vars(Family) if not name.startswith("_"))


def _wants(found: object, section: str) -> str | None:
    """What a family of another package wants that is not there, or None."""
    missing = [name for name in _ASKED if not hasattr(found, name)]
    if missing:
        return f"a family with {', '.join(missing)}"
    return None if getattr(found, "section", None) == section else f"a family whose section is {section!r}"
