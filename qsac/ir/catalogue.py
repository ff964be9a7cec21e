"""Every op by its name: those of ``qsac/ir/``, one file a family, and those of other packages (``qsac.ops``)."""

from __future__ import annotations

import dataclasses
import functools
import importlib
from typing import TypeGuard, get_args

from qsac.ir import attention, blocks, save_probabilities
from qsac.ir.op import Level, Op
from qsac.plugins import listed, modules_of, offers


def op_names() -> tuple[str, ...]:
    """The names of all ops: those of qsac, then those of other packages."""
    return (*_own(), *listed("qsac.ops", _own()))


def op_class(name: str) -> type[Op] | None:
    """The class of the op called ``name``, None for an unknown name. Raises :class:`~qsac.errors.ExtensionError` for
    what another package offers and cannot be used."""
    if name in _own():
        return _own()[name]
    offer = offers("qsac.ops", _own()).get(name)
    if offer is None:
        return None
    found = offer.load()
    offer.check(found, _wanted)
    kind: type[Op] = found
    return kind


@functools.lru_cache(maxsize=1)
def _own() -> dict[str, type[Op]]:
    modules = [save_probabilities]
    for package in (attention, blocks):
        modules += [importlib.import_module(f"{package.__name__}.{name}") for name in modules_of(package.__name__)]
    return {kind.name: kind for module in modules for kind in vars(module).values() if _is_op_of(kind, module.__name__)}


def _is_op_of(kind: object, module: str) -> TypeGuard[type[Op]]:
    """Whether something in a module is an op that it defines; a class without a name is what several ops share."""
    return isinstance(kind, type) and issubclass(kind, Op) and kind.__module__ == module and hasattr(kind, "name")


def _wanted(found: object, name: str) -> str | None:
    """What an op class of another package wants that it has not."""
    if not (isinstance(found, type) and issubclass(found, Op)) or getattr(found, "name", None) != name:
        return f"an Op whose name is {name!r}"
    if getattr(found, "level", None) not in get_args(Level):
        return f"a level that is {', '.join(map(repr, get_args(Level)))}"
    parameters = getattr(found, "__dataclass_params__", None)
    if "__dataclass_fields__" not in vars(found) or parameters is None or not parameters.frozen:
        return "a frozen dataclass"
    if any(field.name.startswith("_") for field in dataclasses.fields(found)):
        return "fields whose names do not begin with an underscore"
    return None
