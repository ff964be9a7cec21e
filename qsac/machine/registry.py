"""Where targets are found: the modules of ``targets/``, one a vendor, with ``names()`` and ``load(name)``, and the
entry points ``qsac.targets`` of other packages (name -> Target, or a callable that returns one)."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import cast

from qsac.errors import ExtensionError
from qsac.machine.target import Target
from qsac.plugins import ShadowedEntryPointWarning as ShadowedEntryPointWarning
from qsac.plugins import (
    contained,
    leave_out,
    listed,
    modules_of,
    offered,
)

TARGET_PACKAGE = "qsac.targets"


def target_names() -> tuple[str, ...]:
    """The names of all targets: those of qsac, vendor by vendor, then those of other packages."""
    builtin = _target_modules()
    return (*builtin, *listed("qsac.targets", builtin))


def target(name: str) -> Target:
    """The target called ``name``. Raises :class:`~qsac.errors.InvalidInputError` for an unknown name,
    :class:`~qsac.errors.ExtensionError` for what another package offers and cannot be used."""
    builtin = _target_modules()
    if name in builtin:
        return builtin[name](name)
    offer = offered("qsac.targets", name, builtin, "qsac targets", code="target.unknown")
    from qsac.machine.promises import target_wants

    found = offer.load()
    with contained(f"{offer.title} cannot be made", offer.package):
        made = found() if callable(found) else found
    offer.check(made, target_wants)
    return cast(Target, made)


def package_of_target(name: str) -> str | None:
    """The other package that offers a target, with its version; None for qsac's own."""
    builtin = _target_modules()
    return (
        None
        if name in builtin
        else offered("qsac.targets", name, builtin, "qsac targets", code="target.unknown").package
    )


def usable_targets() -> list[Target]:
    """All targets that can be used, in the order of :func:`target_names`. One of another package that cannot be is left
    out, with a :class:`~qsac.plugins.BrokenExtensionWarning`."""
    found = []
    for name in target_names():
        try:
            found.append(target(name))
        except ExtensionError as error:
            leave_out(error)
    return found


@functools.lru_cache(maxsize=1)
def _target_modules() -> dict[str, Callable[[str], Target]]:
    """Target name -> the ``load`` of its vendor's module."""
    found: dict[str, Callable[[str], Target]] = {}
    for module_name in modules_of(TARGET_PACKAGE):
        module = importlib.import_module(f"{TARGET_PACKAGE}.{module_name}")
        for name in module.names():
            if name in found:
                raise TypeError(f"two modules of {TARGET_PACKAGE} offer {name!r}")
            found[name] = module.load
    return found
