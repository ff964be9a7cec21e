"""Finding optimisers by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import cast

from qsac.plugins import modules_of
from qsac.training.optimisers.contract import KindOfOptimiser, OptimiserFields

PACKAGE = "qsac.training.optimisers"


@cache
def kinds() -> Mapping[str, KindOfOptimiser]:
    """Every optimiser by its name, which is its ``type`` in a configuration, in alphabetical order."""
    modules = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in modules_of(PACKAGE)}
    return {
        name.replace("_", "-"): cast(KindOfOptimiser, module)
        for name, module in modules.items()
        if hasattr(module, "fields") and hasattr(module, "make")
    }


def kind_of(fields: OptimiserFields) -> KindOfOptimiser:
    """The optimiser that some fields are of."""
    return next(kind for kind in kinds().values() if type(fields) is kind.fields)
