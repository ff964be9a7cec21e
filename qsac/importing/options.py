"""What stands in for the softmax and for the activation, as the caller chooses."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qsac.arguments import real_number, shown, whole_number, word
from qsac.errors import InvalidInputError
from qsac.files.limits import KERNEL_DEGREE
from qsac.importing.polynomials import fitted, taylor

_KERNELS = ("softmax-taylor", "polynomial", "linear")


@dataclass(frozen=True)
class KernelChoice:
    """The polynomial g in place of the exponential of scores s, temperature s being what softmax attention takes.

    ``softmax-taylor``: sum_p (temperature s)^p / p! to the ``degree``. ``polynomial``: that of least squares to
    exp(temperature s) on [-range, range], by default the scores that were seen; or the given ``numbers`` c_0..c_k.
    ``linear``: g(s) = s.
    """

    type: str = "softmax-taylor"
    degree: int = 2
    range: float | None = None
    temperature: float | None = None
    numbers: tuple[float, ...] | None = None

    def coefficients(self, temperature: float, reach: float) -> tuple[float, ...]:
        """c_0..c_k of g, by the scores' temperature and the largest |s|."""
        if self.numbers is not None:
            return self.numbers
        if self.type == "linear":
            return (0.0, 1.0)
        temperature = self.temperature or temperature
        if self.type == "softmax-taylor":
            return taylor(temperature, self.degree)
        limit = max(self.range if self.range is not None else reach, 1e-6)
        return fitted(lambda scores: np.exp(temperature * scores), self.degree, limit)

    def fields(self, coefficients: tuple[float, ...], temperature: float) -> dict[str, Any]:
        """The kernel as a model file has it."""
        if self.type == "linear":
            return {"type": "linear"}
        if self.type == "softmax-taylor":
            return {"type": self.type, "degree": self.degree, "temperature": self.temperature or temperature}
        return {"type": "polynomial", "coefficients": list(coefficients)}


@dataclass(frozen=True)
class ActivationFit:
    """The polynomial in place of an activation: of least squares of this ``degree`` on [-range, range], by default as
    far as was seen; or its ``coefficients`` c_0..c_p."""

    degree: int = 2
    range: float | None = None
    coefficients: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Options:
    """How a model is imported. ``widen``: whether states get one more coordinate, a constant one, where layer norms
    leave none free; None to do so where the number of qubits stays as it is."""

    kernel: KernelChoice
    feed_forward: ActivationFit
    widen: bool | None = None


def kernel_choice(given: object) -> KernelChoice:
    """The kernel that an argument asks for: None, a degree, or a mapping like a model file's kernel."""
    if given is None:
        return KernelChoice()
    if isinstance(given, int) and not isinstance(given, bool):
        return KernelChoice(degree=whole_number(given, "degree of the kernel", 0, KERNEL_DEGREE))
    fields = _fields(given, "kernel", {"type", "degree", "range", "temperature", "coefficients"})
    kind = word(fields.get("type", "softmax-taylor"), "type of the kernel", _KERNELS)
    return KernelChoice(
        kind,
        whole_number(fields.get("degree", 2), "degree of the kernel", 0, KERNEL_DEGREE),
        _positive(fields.get("range"), "range of the kernel"),
        _positive(fields.get("temperature"), "temperature of the kernel"),
        _numbers(fields.get("coefficients"), "coefficients of the kernel") if kind == "polynomial" else None,
    )


def activation_fit(given: object) -> ActivationFit:
    """The fit that an argument asks for: None, a degree, or a mapping with degree, range or coefficients."""
    if given is None:
        return ActivationFit()
    if isinstance(given, int) and not isinstance(given, bool):
        return ActivationFit(whole_number(given, "degree of the feed-forward", 1, KERNEL_DEGREE))
    fields = _fields(given, "feed_forward", {"degree", "range", "coefficients"})
    return ActivationFit(
        whole_number(fields.get("degree", 2), "degree of the feed-forward", 1, KERNEL_DEGREE),
        _positive(fields.get("range"), "range of the feed-forward"),
        _numbers(fields.get("coefficients"), "coefficients of the feed-forward"),
    )


def listed_option(given: object, name: str, what: str, entry: Callable[[Any], Any] = lambda one: one) -> list[Any]:
    """The entries of an option that is a list of ``what``, each by ``entry``, which raises TypeError for others. Raises
    :class:`~qsac.errors.InvalidInputError`."""
    try:
        return [entry(one) for one in given]  # type: ignore[attr-defined]  # that is the question
    except TypeError:
        raise InvalidInputError(
            f"the option {name} is invalid", code="option.wrong-type", found=shown(given), wanted=f"a list of {what}"
        ) from None


def _fields(given: object, name: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or not set(given) <= known:
        raise InvalidInputError(
            f"the option {name} is invalid",
            code="option.wrong-type",
            found=shown(given) if not isinstance(given, Mapping) else f"fields {sorted(map(str, given))}",
            wanted=f"a degree, or a mapping with {', '.join(sorted(known))}",
        )
    return given


def _positive(given: object, name: str) -> float | None:
    if given is None:
        return None
    number = real_number(given, name, "a positive number")
    if number <= 0:
        raise InvalidInputError(
            f"the {name} is out of range",
            code="option.out-of-range",
            found=shown(number),
            wanted="a positive number",
        )
    return number


def _numbers(given: object, name: str) -> tuple[float, ...] | None:
    if given is None:
        return None
    try:
        numbers = tuple(float(one) for one in given)  # type: ignore[attr-defined]  # that is the question
    except (TypeError, ValueError):
        numbers = ()
    if len(numbers) < 2 or len(numbers) > KERNEL_DEGREE + 1 or not all(map(math.isfinite, numbers)) or not numbers[-1]:
        raise InvalidInputError(
            f"the {name} are no polynomial",
            code="option.wrong-type",
            found=shown(given),
            wanted=f"2 to {KERNEL_DEGREE + 1} finite numbers c_0 .. c_p, the last one not 0",
        )
    return numbers
