"""Models as layers of other frameworks: ``qsac.jax``, ``qsac.torch`` and ``qsac.pennylane``."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from qsac.optional import optional_package

_PACKAGES = {
    "jax": ("jax", "pip install 'qsac[train]'"),
    "torch": ("torch", "pip install torch"),
    "pennylane": ("pennylane", "pip install 'qsac[pennylane]'"),
}


def framework(name: str) -> ModuleType:
    """The layers of a framework. Raises :class:`~qsac.errors.InvalidInputError` where it is not installed, or cannot be
    imported."""
    package, command = _PACKAGES[name]
    optional_package(package, f"qsac.{name}", command)
    return import_module(f"qsac.frameworks.{name}")
