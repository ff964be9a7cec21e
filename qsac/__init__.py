"""qsac, a compiler for quantum attention: from a model file to native gates, keeping the structure on the way.

``load(path_or_dict)`` reads a model, ``compile(model, target="h2")`` compiles it, ``run(compiled)`` runs it;
``estimate(model)`` counts what a model of any size takes; ``template(model)`` compiles a shape, to be bound to tokens
and parameters many times.
Everything is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qsac.artifact import Compiled as Compiled
    from qsac.cache import Cache as Cache
    from qsac.compiler import compile as compile  # noqa: A004  (the contract names it so)
    from qsac.errors import QsacError as QsacError
    from qsac.estimate import Estimate as Estimate
    from qsac.estimate import estimate as estimate
    from qsac.model.load import load as load
    from qsac.model.model import Model as Model
    from qsac.runtime.run import Result as Result
    from qsac.runtime.run import run as run
    from qsac.templates import Template as Template
    from qsac.templates import template as template

_HOMES = {
    "Cache": "qsac.cache",
    "Compiled": "qsac.artifact",
    "Estimate": "qsac.estimate",
    "Model": "qsac.model.model",
    "QsacError": "qsac.errors",
    "Result": "qsac.runtime.run",
    "Template": "qsac.templates",
    "compile": "qsac.compiler",
    "estimate": "qsac.estimate",
    "load": "qsac.model.load",
    "run": "qsac.runtime.run",
    "template": "qsac.templates",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'qsac' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
