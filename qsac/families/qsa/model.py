"""The validated, materialised model: what every later step of the compiler reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qsac.families import contract
from qsac.families.qsa.heads import Head
from qsac.families.tokens.evolution import Evolution
from qsac.families.tokens.text import Text
from qsac.families.unitary import Unitary
from qsac.files.numbers import Numbers, as_lists, reduced

if TYPE_CHECKING:
    from qsac.families.qsa.readouts.reading import Readout

Mask = Literal["causal", "full"]


class GivenUnitary(NamedTuple):
    """V or W of a head: ``side`` is ``value`` or ``score``, ``fields`` the canonical form of what the model file
    gives."""

    head: int
    side: str
    unitary: Unitary
    fields: dict[str, Any]

    @property
    def rows(self) -> int | None:
        """The rows of the matrix that the model file gives, before padding; None for another form."""
        entries = self.fields.get("entries")
        return None if entries is None else len(entries)


@dataclass(frozen=True, eq=False)
class Model(contract.Model):
    """A model of attention by overlap interference (QSA, arXiv 2602.06699).

    ``tokens``: (T+1, d) rows of length 1, zero-padded to d, float64 where exactly real, else complex128, read-only.
    ``heads``: kernels, V and W; a model file without heads makes one of them.
    ``given_tokens``: the rows before normalisation and padding; ``fields``: the canonical model without them.
    ``evolution``: what takes each token to the next, where the model file says so; the canonical model does not.
    ``given_phases``: T angles in radians, ``"optimal"``, or None where the model file has no phases.
    ``text``: what the tokens are the words of, or None. ``lengths``: of the words that are targets, (T,), the lengths
    sqrt(alpha) that count in A_j; None where all are 1, as those of other tokens are.
    """

    section: ClassVar[str] = "attention"

    readout: Readout

    tokens: Numbers
    mask: Mask
    heads: tuple[Head, ...]
    given_tokens: Numbers = field(repr=False)
    given_phases: NDArray[np.float64] | Literal["optimal"] | None = field(repr=False)
    fields: dict[str, Any] = field(repr=False)
    evolution: Evolution | None = field(default=None, repr=False)
    text: Text | None = field(default=None, repr=False)
    lengths: NDArray[np.float64] | None = field(default=None, repr=False)

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
    def head(self) -> Head:
        """The head of a model that has one; ValueError for several."""
        (only,) = self.heads
        return only

    @property
    def kernel(self) -> tuple[float, ...]:
        """The kernel of a model of one head: c_0..c_k with c_k not 0."""
        return self.head.kernel

    @property
    def value(self) -> Unitary:
        """V of a model of one head."""
        return self.head.value

    @property
    def score(self) -> Unitary:
        """W of a model of one head."""
        return self.head.score

    @property
    def degree(self) -> int:
        """k, the highest degree of a kernel: the number of score copies, or of a walk's uses."""
        return max(head.degree for head in self.heads)

    @property
    def pairs(self) -> int:
        """N, the number of (j, i) pairs in the mask."""
        return self.context * (self.context + 1) // 2 if self.mask == "causal" else self.context**2

    @property
    def lam(self) -> float:
        """The subnormalisation lambda = sum_h |a_h| sum_p |c_hp|; by a walk the bound in place of the sum over p."""
        return float(sum(abs(head.weight) * head.lam for head in self.heads))

    def place(self, head: int, field: str) -> str:
        """The JSON pointer of a field of a head."""
        return f"/attention/heads/{head}/{field}" if "heads" in self.fields["attention"] else f"/attention/{field}"

    @property
    def unitaries(self) -> dict[str, GivenUnitary]:
        """V and W of every head, by the names of their parameters: ``value``, or ``heads.0.value`` where the model file
        lists heads."""
        attention = self.fields["attention"]
        listed = attention.get("heads")
        return {
            side if listed is None else f"heads.{number}.{side}": GivenUnitary(
                number, side, getattr(head, side), (listed[number] if listed else attention)[side]
            )
            for number, head in enumerate(self.heads)
            for side in ("value", "score")
        }

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

    @property
    def floor(self) -> float:
        """The least cross entropy that there can be, in nats: the mean of -ln alpha over the targets."""
        return 0.0 if self.lengths is None else float(-2 * np.log(self.lengths).mean())

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """As JSON: tokens inline (as given, before normalisation) or the words of a text with their embedding, ansatz
        parameters materialised."""
        inline = {"type": "inline", "values": as_lists(self.given_tokens)} if self.text is None else self.text.canonical
        return {**self.fields, "tokens": inline}

    @property
    def entries(self) -> int:
        return self.context * self.dimension * len(self.heads)
