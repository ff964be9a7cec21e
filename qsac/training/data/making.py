"""Finding the kinds of data, and making what a configuration asks for."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import qsac.training.data as package
from qsac.files.fields import Fields
from qsac.training.data.contract import Data, KindOfData


@cache
def kinds() -> Mapping[str, KindOfData]:
    """Every kind of data by its name, which is its ``type`` in a configuration, in alphabetical order."""
    modules = (importlib.import_module(f"{package.__name__}.{found.name}") for found in _modules())
    return {
        module.__name__.rpartition(".")[2].replace("_", "-"): cast(KindOfData, module)
        for module in modules
        if hasattr(module, "fields") and hasattr(module, "make")
    }


def _modules() -> list[pkgutil.ModuleInfo]:
    return sorted(pkgutil.iter_modules(package.__path__), key=lambda found: found.name)


def data_of(fields: Fields, seed: int, folder: Path) -> Data:
    """The data that ``fields``, of the class of some kind, ask for; ``seed`` is the run's and holds where the data have
    none of their own. Errors are those of :meth:`~qsac.training.data.contract.KindOfData.make`."""
    kind = next(kind for kind in kinds().values() if type(fields) is kind.fields)
    own = getattr(fields, "seed", None)
    return kind.make(fields, seed if own is None else own, folder)
