"""Finding the encoders by name. None is imported before it is used."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import cast

import qsac.text.encoders as package
from qsac.errors import InvalidInputError
from qsac.files.pointer import describe, nearest
from qsac.text.encoders.contract import KindOfEncoder

_OTHERS = {"bert", "contract", "finding", "packaged"}


@cache
def encoder_names() -> tuple[str, ...]:
    """The names of all encoders, in alphabetical order."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name.replace("_", "-") for name in found if name not in _OTHERS))


def kind_of(name: object) -> KindOfEncoder:
    """The encoder of a name. Raises :class:`~qsac.errors.InvalidInputError` where there is none."""
    if not isinstance(name, str) or name not in encoder_names():
        guess = nearest(name, encoder_names()) if isinstance(name, str) else None
        raise InvalidInputError(
            "there is no such encoder",
            code="option.unknown-choice",
            found=describe(name),
            wanted=" or ".join(encoder_names()),
            help=f"did you mean {guess}?" if guess else None,
        )
    return cast(KindOfEncoder, importlib.import_module(f"{package.__name__}.{name.replace('-', '_')}"))
