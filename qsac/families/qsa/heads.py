"""The heads of attention: one, of the fields of the attention itself, or several in a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import copysign
from typing import Any, NamedTuple

from qsac.errors import InvalidInputError
from qsac.families.kernel import canonical_kernel, coefficients, out_of_scale
from qsac.families.qsa import schema
from qsac.families.qsa.diagnosis import MODEL
from qsac.families.schema import HardwareEfficientUnitary, PolynomialKernel
from qsac.families.unitary import Unitary, build_unitary
from qsac.families.walked_kernel import checked_walk
from qsac.files import limits
from qsac.files.diagnosis import missing
from qsac.files.pointer import counted, join
from qsac.numerics.kernel_walks import KernelWalk, kernel_walk

POINTER = "/attention"


@dataclass(frozen=True, eq=False)
class Head:
    """One head: z_j has weight sum_i g(s) V x_i of it, s = <x_j|W|x_{i-r}>, over the i > r of the mask.

    ``kernel``: c_0..c_k with c_k not 0; ``walked``: it is applied by a walk (docs/kernels.md). ``value`` and ``score``:
    V and W, of dimension d. ``key_shift``: r. ``conjugate``: g is of the complex conjugate of s. ``weight`` may be
    negative, or 0.
    """

    kernel: tuple[float, ...]
    value: Unitary
    score: Unitary
    key_shift: int = 0
    conjugate: bool = False
    weight: float = 1.0
    walked: bool = False

    @property
    def walk(self) -> KernelWalk | None:
        """The walk of its kernel, where that is asked for and the kernel is no constant."""
        return kernel_walk(self.kernel) if self.walked and self.degree else None

    @property
    def degree(self) -> int:
        """k, the kernel's degree."""
        return len(self.kernel) - 1

    @property
    def lam(self) -> float:
        """By what the kernel is divided on the circuit, without the weight: sum_p |c_p|, or the bound of its walk."""
        if self.walk is not None:
            return self.walk.bound
        return float(sum(abs(c) for c in self.kernel))

    def with_unitary(self, side: str, unitary: Unitary) -> Head:
        """The head with another V (``side`` is ``value``) or W (``score``)."""
        return replace(self, value=unitary) if side == "value" else replace(self, score=unitary)

    @property
    def is_plain(self) -> bool:
        """Whether it is a head as a model without heads has it, up to its weight."""
        return not (self.key_shift or self.conjugate)


class Sizes(NamedTuple):
    """T, the dimension of the tokens before and after padding, and whether they are real."""

    context: int
    given: int
    padded: int
    real: bool


def build_heads(
    attention: schema.Attention, fields: Mapping[str, Any], sizes: Sizes
) -> tuple[tuple[Head, ...], dict[str, Any]]:
    """The heads, and the canonical form of the fields that describe them. ``fields`` is the section as it was given.

    Raises :class:`~qsac.errors.QsacError` with the place of a mistake.
    """
    _check_form(fields)
    if "heads" not in fields:
        head, canonical = _head(attention, POINTER, sizes)
        return (head,), canonical
    place = join(POINTER, "heads")
    limits.check_heads(len(attention.heads), place)
    _check_angles(attention.heads, sizes, place)
    built = [_listed_head(given, join(place, number), sizes) for number, given in enumerate(attention.heads)]
    heads = tuple(head for head, _ in built)
    _check_together(heads, sizes, place)
    return heads, {"heads": [canonical for _, canonical in built]}


def _check_form(fields: Mapping[str, Any]) -> None:
    """Whether there is one head or a list of them, not both."""
    if "heads" not in fields:
        for name in schema.OF_ONE_HEAD:
            if name not in fields:
                raise missing(name, POINTER, fields, MODEL)
        return
    both = [name for name in schema.OF_ONE_HEAD if name in fields]
    if both:
        names = ", ".join(f'"{name}"' for name in both)
        raise InvalidInputError(
            "attention with heads has no kernel, value and score of its own",
            code="attention.heads-and-kernel",
            pointer=join(POINTER, both[0]),
            found=f'"heads" and {names}',
            wanted="a kernel, a value and a score in every head, or one of each and no heads",
            help=f"move {names} into the items of heads",
        )


def _head(given: schema.Attention | schema.OverlapHead, place: str, sizes: Sizes) -> tuple[Head, dict[str, Any]]:
    """The fields that a head has with and without a list of heads."""
    kernel = coefficients(given.kernel, sizes.padded, join(place, "kernel"), by_walk=True)
    build = partial(build_unitary, given_dimension=sizes.given, dimension=sizes.padded)
    value, canonical_value = build(given.value, join(place, "value"))
    score, canonical_score = build(given.score, join(place, "score"))
    canonical = {
        "kernel": canonical_kernel(given.kernel, sizes.padded),
        "value": canonical_value,
        "score": canonical_score,
    }
    walked = isinstance(given.kernel, PolynomialKernel) and given.kernel.by == "qsvt"
    if walked:
        checked_walk(kernel, join(place, "kernel"), real=sizes.real and score.is_real)
    return Head(kernel, value, score, walked=walked), canonical


def _listed_head(given: schema.OverlapHead, place: str, sizes: Sizes) -> tuple[Head, dict[str, Any]]:
    head, canonical = _head(given, place, sizes)
    shift, weight = given.key_shift, float(given.weight) + 0.0
    more = {"key_shift": shift, "conjugate": given.conjugate, "weight": weight}
    return replace(head, key_shift=shift, conjugate=given.conjugate, weight=weight), canonical | more


def _check_angles(heads: list[schema.OverlapHead], sizes: Sizes, place: str) -> None:
    """Whether the angles of all heads may be held in memory."""
    angles, qubits = 0, sizes.padded.bit_length() - 1
    for number, head in enumerate(heads):
        for side in ("value", "score"):
            unitary = getattr(head, side)
            if isinstance(unitary, HardwareEfficientUnitary):
                angles += unitary.layers * qubits * len(unitary.rotations)
                limits.check_angles(angles, join(place, number, side, "layers"))


def _check_together(heads: tuple[Head, ...], sizes: Sizes, place: str) -> None:
    """Whether the heads together attend to something, and are in scale."""
    counting = [number for number, head in enumerate(heads) if head.weight]
    if not counting:
        raise InvalidInputError(
            "the weights of all heads are zero",
            code="head.zero-weights",
            pointer=join(place, 0, "weight"),
            wanted="at least one head with a weight other than 0",
            help="heads without a weight attend to nothing; the default is 1",
        )
    if all(heads[number].key_shift >= sizes.context for number in counting):
        raise InvalidInputError(
            "no head attends to anything: a head of key shift r adds the tokens after the r-th one",
            code="head.shift-too-large",
            pointer=join(place, counting[0], "key_shift"),
            found=f"a key shift of {heads[counting[0]].key_shift:,} and a context of {counted(sizes.context, 'token')}",
            wanted=f"at least one head with a weight and a key shift of at most {sizes.context - 1:,}",
        )
    total = sum(abs(head.weight) * head.lam for head in heads)
    if not 1 / limits.KERNEL_SCALE <= total <= limits.KERNEL_SCALE:
        raise out_of_scale("the heads' weights and kernels are", total, place)


def shape_of_kernel(kernel: tuple[float, ...]) -> tuple[float, ...]:
    """A kernel of which the absolute coefficients sum to 1, the last one positive."""
    lam = copysign(sum(map(abs, kernel)), kernel[-1])
    return tuple(c / lam + 0.0 for c in kernel)


def sign_between(kernel: tuple[float, ...], other: tuple[float, ...]) -> float:
    """By which sign kernels of one shape differ."""
    return copysign(1.0, kernel[-1]) * copysign(1.0, other[-1])
