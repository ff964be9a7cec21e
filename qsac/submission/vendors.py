"""Where vendors are found: the modules of :mod:`qsac.submission` that have a ``VENDOR``, and entry points of others."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

from qsac.errors import InvalidInputError, of_type
from qsac.files.pointer import quoted
from qsac.plugins import Offer, contained, listed, modules_of, offers
from qsac.submission.client import Vendor

PACKAGE = "qsac.submission"

P = ParamSpec("P")
T = TypeVar("T")


def vendor_names() -> tuple[str, ...]:
    """The names of all vendors: those of qsac, then those of other packages."""
    builtin = _builtin()
    return (*builtin, *listed("qsac.vendors", builtin))


def vendor(name: str) -> Vendor:
    """The vendor of that name. Raises :class:`~qsac.errors.InvalidInputError` for an unknown one,
    :class:`~qsac.errors.ExtensionError` for what another package offers and cannot be used."""
    builtin = _builtin()
    if name in builtin:
        return builtin[name]
    foreign = offers("qsac.vendors", builtin)
    if name not in foreign:
        raise InvalidInputError(
            f"there is no client for the vendor {quoted(name)}",
            code="vendor.unknown",
            wanted=" or ".join((*builtin, *foreign)),
        )
    offer = foreign[name]
    found = offer.load()
    offer.check(found, _wants)
    return _contained(found, offer)


def _wants(found: object, name: str) -> str | None:
    """What is wanted of a vendor of another package, None where it is one."""
    known = isinstance(found, Vendor) and found.name == name
    return None if known else f"a qsac.submission.client.Vendor whose name is {name!r}"


def taken() -> str:
    """What has to be compiled for to be submitted, for people. Vendors of other packages say so themselves."""
    return " or ".join(found.takes for found in _builtin().values())


@functools.lru_cache(maxsize=1)
def _builtin() -> dict[str, Vendor]:
    """The vendors by their names."""
    modules = [importlib.import_module(f"{PACKAGE}.{name}") for name in modules_of(PACKAGE)]
    found = [of_type(module.VENDOR, Vendor) for module in modules if hasattr(module, "VENDOR")]
    return {one.name: one for one in found}


def _contained(found: Vendor, offer: Offer) -> Vendor:
    """The vendor of another package: whatever of it is called runs contained. The methods of its client do not: after
    the vendor was handed a job no exception may pass for a fault of the package."""

    def wrapped(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            with contained(f"{offer.title} failed", offer.package, diagnoses=True):
                return function(*args, **kwargs)

        return call

    return replace(
        found,
        machine=wrapped(found.machine),
        target_of=wrapped(found.target_of),
        cost=wrapped(found.cost),
        least=wrapped(found.least),
        ceiling=wrapped(found.ceiling),
        client=wrapped(found.client),
    )
