"""A model of quantum attention without its numbers: what is learned, and what stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.families.qsa.learning.kernels import Kernel
from qsac.families.qsa.learning.unitaries import Array, Form

Mask = Literal["causal", "full"]
SIDES = ("value", "score")


@dataclass(frozen=True, eq=False)
class HeadOutline:
    """One head. ``name`` stands before the names of its arrays: ``heads.0.``, or nothing where the model file lists no
    heads. ``weight``: the weight, or the one that learning starts from where ``weighs``."""

    name: str
    kernel: Kernel
    value: Form
    score: Form
    key_shift: int = 0
    conjugate: bool = False
    weight: float = 1.0
    weighs: bool = False

    def form(self, side: str) -> Form:
        """The form of the unitary ``value`` or ``score``."""
        return self.value if side == "value" else self.score

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what is learned, by name."""
        found = {self.name + side: self.form(side).shape for side in SIDES if self.form(side).shape}
        if self.kernel.is_learned:
            found[f"{self.name}kernel"] = (len(self.kernel.places),)
        if self.weighs:
            found[f"{self.name}weight"] = ()
        return found

    @property
    def size(self) -> int:
        """How many real numbers of it are learned."""
        return self.value.size + self.score.size + len(self.kernel.places) + self.weighs

    def initial(self, rng: np.random.Generator) -> dict[str, Array]:
        """Where learning starts, by name."""
        found = {self.name + side: self.form(side).initial(rng) for side in SIDES if self.form(side).shape}
        if self.kernel.is_learned:
            found[f"{self.name}kernel"] = self.kernel.initial()
        if self.weighs:
            found[f"{self.name}weight"] = np.array(self.weight)
        return found

    def written(self, learned: Mapping[str, Array]) -> dict[str, Any]:
        """Its kernel, value and score as a model file has them."""
        sides = {side: self.form(side).written(learned.get(self.name + side)) for side in SIDES}
        return {"kernel": self.kernel.written(learned.get(f"{self.name}kernel")), **sides}

    def more(self, learned: Mapping[str, Array]) -> dict[str, Any]:
        """The other fields of a head in a list."""
        weight = float(learned[f"{self.name}weight"]) if self.weighs else self.weight
        return {"key_shift": self.key_shift, "conjugate": self.conjugate, "weight": weight}


@dataclass(frozen=True, eq=False)
class EmbeddingOutline:
    """The embedding of words called ``labels`` into d dimensions, (M, d), or (M, d, 2) by real and imaginary parts.
    ``start``: the isometry that learning starts from, or None to draw one."""

    labels: tuple[str, ...]
    dimension: int
    real: bool
    start: NDArray[np.inexact[Any]] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is learned."""
        return (len(self.labels), self.dimension) if self.real else (len(self.labels), self.dimension, 2)

    @property
    def size(self) -> int:
        """How many real numbers an isometry depends on."""
        words, d = len(self.labels), self.dimension
        return words * d - d * (d + 1) // 2 if self.real else 2 * words * d - d * d

    def initial(self, rng: np.random.Generator) -> Array:
        """Where learning starts: of about the length that an isometry's entries have."""
        if self.start is None:
            drawn: Array = rng.normal(0, 1, self.shape) / np.sqrt(len(self.labels) * (1 if self.real else 2))
            return drawn
        return self.learned_of(self.start)

    def learned_of(self, isometry: NDArray[np.inexact[Any]]) -> Array:
        """What would have to be learned for an isometry."""
        if self.real:
            return np.array(isometry.real, dtype=np.float64)
        return np.stack([isometry.real, isometry.imag], axis=-1).astype(np.float64)

    def matrix(self, learned: Array) -> NDArray[np.inexact[Any]]:
        """The isometry, (M, d)."""
        matrix = learned if self.real else learned[..., 0] + 1j * learned[..., 1]
        left, _, right = np.linalg.svd(matrix, full_matrices=False)
        found: NDArray[np.inexact[Any]] = left @ right
        return found


@dataclass(frozen=True, eq=False)
class Outline:
    """All that is known before learning.

    ``given``: the entries of a token, ``dimension``: of what the unitaries act on, to which tokens are padded with
    zeros; they differ only where an ansatz or a padded matrix is among the unitaries. ``listed``: whether the model
    file lists its heads. ``phases``: whether its phases are optimal, else there are none.
    """

    heads: tuple[HeadOutline, ...]
    mask: Mask
    phases: bool
    given: int
    dimension: int
    listed: bool
    embedding: EmbeddingOutline | None = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what is learned, by name."""
        found = {} if self.embedding is None else {"embedding": self.embedding.shape}
        for head in self.heads:
            found |= head.shapes
        return found

    @property
    def size(self) -> int:
        """How many real numbers are learned."""
        return sum(head.size for head in self.heads) + (0 if self.embedding is None else self.embedding.size)

    @property
    def shifts(self) -> tuple[int, ...]:
        """The key shifts of the heads."""
        return tuple(head.key_shift for head in self.heads)

    def initial(self, seed: int) -> dict[str, Array]:
        """Where learning starts, by name."""
        rng = np.random.default_rng(seed)
        found = {} if self.embedding is None else {"embedding": self.embedding.initial(rng)}
        for head in self.heads:
            found |= head.initial(rng)
        return found

    def section(self, learned: Mapping[str, Array]) -> dict[str, Any]:
        """The section ``attention`` of a model file."""
        section: dict[str, Any] = {"type": "overlap", "mask": self.mask}
        if self.listed:
            section["heads"] = [head.written(learned) | head.more(learned) for head in self.heads]
        else:
            section |= self.heads[0].written(learned)
        return section | ({"phases": "optimal"} if self.phases else {})

    def pairs(self, context: int) -> int:
        """N, the number of (j, i) pairs in the mask, of so many context tokens."""
        return context * (context + 1) // 2 if self.mask == "causal" else context**2
