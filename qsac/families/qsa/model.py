"""The validated, materialised model: what every later step of the compiler reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.families import contract
from qsac.families.tokens.evolution import Evolution
from qsac.families.unitary import Unitary
from qsac.files.numbers import Numbers, as_lists, reduced

if TYPE_CHECKING:
    from qsac.families.qsa.readouts.reading import Readout

Mask = Literal["causal", "full"]


@dataclass(frozen=True, eq=False)
class Model(contract.Model):
    """A model of attention by overlap interference (QSA, arXiv 2602.06699).

    ``tokens``: (T+1, d) rows of length 1, zero-padded to d, float64 where exactly real, else complex128, read-only.
    ``kernel``: c_0..c_k with c_k not 0. ``value`` and ``score``: V and W, of dimension d.
    ``given_tokens``: the rows before normalisation and padding; ``fields``: the canonical model without them.
    ``evolution``: what takes each token to the next, where the model file says so; the canonical model does not.
    ``given_phases``: T angles in radians, ``"optimal"``, or None where the model file has no phases.
    """

    section: ClassVar[str] = "attention"

    readout: Readout

    tokens: Numbers
    mask: Mask
    kernel: tuple[float, ...]
    value: Unitary
    score: Unitary
    given_tokens: Numbers = field(repr=False)
    given_phases: NDArray[np.float64] | Literal["optimal"] | None = field(repr=False)
    fields: dict[str, Any] = field(repr=False)
    evolution: Evolution | None = field(default=None, repr=False)

    @property
    def context(self) -> int:
        """T, the number of context tokens."""
        return int(self.tokens.shape[0]) - 1

    @property
    def dimension(self) -> int:
        """d, padded to a power of two."""
        return int(self.tokens.shape[1])

    @property
    def data_qubits(self) -> int:
        """The number n = log2 d."""
        return self.dimension.bit_length() - 1

    @property
    def index_qubits(self) -> int:
        """The number m = ceil(log2 T), 0 for T = 1."""
        return (self.context - 1).bit_length()

    @property
    def degree(self) -> int:
        """k, the kernel's degree: the number of score copies."""
        return len(self.kernel) - 1

    @property
    def pairs(self) -> int:
        """N, the number of (j, i) pairs in the mask."""
        return self.context * (self.context + 1) // 2 if self.mask == "causal" else self.context**2

    @property
    def lam(self) -> float:
        """The subnormalisation lambda = sum_p |c_p|."""
        return float(sum(abs(c) for c in self.kernel))

    def matrix_rows(self, name: str) -> int | None:
        """The rows of the matrix that the model file gives as V or W, before padding; None for another form."""
        entries = self.fields["attention"][name].get("entries")
        return None if entries is None else len(entries)

    @property
    def phases_given(self) -> bool:
        """Whether the model file has phases, be they zeros."""
        return self.given_phases is not None

    @cached_property
    def phases(self) -> NDArray[np.float64]:
        """phi_j in radians, (T,), read-only; ``"optimal"`` is resolved by the closed form on first use."""
        if self.given_phases is None:
            resolved = np.zeros(self.context)
        elif isinstance(self.given_phases, str):
            from qsac.families.qsa.metrics import optimal_phases

            resolved = optimal_phases(self)
        else:
            resolved = reduced(self.given_phases, 1)
        resolved.flags.writeable = False
        return resolved

    @cached_property
    def scaled_overlaps(self) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
        """A_j and w_j, both (T,), for the kernel divided by lambda."""
        from qsac.families.qsa.metrics import scaled_overlaps

        return scaled_overlaps(self)

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """As JSON: tokens inline (as given, before normalisation), ansatz parameters materialised."""
        return {**self.fields, "tokens": {"type": "inline", "values": as_lists(self.given_tokens)}}

    @property
    def entries(self) -> int:
        return self.context * self.dimension
