"""Packages that an extra brings: imported where they are needed, and one error where that does not work."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from qsac.errors import InvalidInputError, printable

_LONGEST = 200
"""Most characters of what an import complained of."""


def optional_package(
    name: str, purpose: str, command: str, *, parts: Sequence[str] = (), pointer: str | None = None
) -> ModuleType:
    """The package ``name``, imported with those ``parts`` of it that are used.

    ``purpose`` begins the error's sentence (``writing QIR``), ``command`` installs the package, ``pointer`` is the
    place of a file that asks for it. Raises :class:`~qsac.errors.InvalidInputError` where the package is not installed,
    and where it is but cannot be imported, whatever it raises then.
    """
    try:
        package = import_module(name)
        for part in parts:
            import_module(f"{name}.{part}")
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == name:
            raise InvalidInputError(
                f"{purpose} needs a package that is not installed",
                code="package.missing",
                pointer=pointer,
                wanted=f"the Python package {name.replace('_', '-')}",
                help=command,
            ) from None
        complaint = printable(f"{type(error).__name__}: {error}")
        again = command.replace("install", "install --force-reinstall", 1)
        raise InvalidInputError(
            f"{purpose} needs a package that is installed, but cannot be imported",
            code="package.broken",
            pointer=pointer,
            found=complaint if len(complaint) <= _LONGEST else complaint[:_LONGEST] + "...",
            wanted=f"the Python package {name.replace('_', '-')}",
            help=f"install it again, with all that it needs: {again}",
        ) from error
    return package
