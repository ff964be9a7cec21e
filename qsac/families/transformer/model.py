"""The validated, materialised model of a transformer: what its closed form and its circuits are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.families import contract
from qsac.families.transformer.functions import Fit
from qsac.files.numbers import Numbers

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.transformer.closed_form import Step
    from qsac.families.transformer.normalisers import Weights
    from qsac.families.transformer.readouts.next_token import NextToken
    from qsac.families.transformer.readouts.state_fidelity import StateFidelity

Real = NDArray[np.float64]
Mask = Literal["causal", "full"]
Scale = Literal["mean", "sum"]


@dataclass(frozen=True, eq=False)
class Head:
    """One head: ``query`` and ``key`` (e, d), ``value`` (f, d), ``output`` (d, f). A head that is given by its
    ``score`` matrix S has the identity for its query and S for its key, as s_ji = <u_j|S u_i>."""

    query: Numbers
    key: Numbers
    value: Numbers
    output: Numbers


@dataclass(frozen=True, eq=False)
class Factor:
    """One factor B a + b of a gated feed-forward: ``matrix`` (D, d), ``bias`` (D,)."""

    matrix: Numbers
    bias: Numbers


@dataclass(frozen=True, eq=False)
class Gated:
    """The feed-forward W_out [(B_1 a + b_1) o .. o (B_p a + b_p)], o entry by entry: ``output`` (d, D). ``passing`` is
    the constant by which the residual goes through the factors after the first one."""

    factors: tuple[Factor, ...]
    output: Numbers
    passing: float


@dataclass(frozen=True, eq=False)
class Polynomial:
    """The feed-forward W_out f(W_in a + b) with f(x) = sum_p c_p x^p, entry by entry.

    ``input`` (D, d), ``bias`` (D,), ``output`` (d, D), ``coefficients`` c_0..c_p with c_0 = 0. A residual that the
    model file gives is in c_1 already. ``fit`` says what function they were fitted to, if the model file says so: the
    canonical model has the coefficients alone.
    """

    input: Numbers
    bias: Numbers
    coefficients: tuple[float, ...]
    output: Numbers
    fit: Fit | None = None


FeedForward: TypeAlias = Gated | Polynomial


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: attention, residual, norm and feed-forward.

    ``kernel``: c_0..c_k of g, with c_k not 0; ``walked``: it is applied by a walk (docs/kernels.md). ``residual``:
    (rho, sigma). ``centre``: whether the mean of the entries is taken off. ``factors``: N positive numbers by which the
    rows are multiplied, or None. ``feed_forward_residual``: (rho2, sigma2), which is (0, 1) without a feed-forward and
    for a polynomial one that a residual is merged into.
    """

    mask: Mask
    scale: Scale
    kernel: tuple[float, ...]
    heads: tuple[Head, ...]
    residual: tuple[float, float]
    centre: bool
    factors: Real | None
    feed_forward: FeedForward | None
    feed_forward_residual: tuple[float, float]
    walked: bool = False

    def seen(self, position: int, tokens: int) -> int:
        """How many keys a position, from 1, sees among so many tokens: the first ones."""
        return position if self.mask == "causal" else tokens


@dataclass(frozen=True, eq=False)
class Model(contract.Model):
    """A transformer whose states are amplitudes (docs/transformer.md; arXiv 2403.09418, 2402.16714).

    ``inputs``: (N, d) u_1..u_N, what the first layer reads: positions added, rows normalised if the model asks for it;
    float64 where exactly real, else complex128, read-only. ``rotary``: the base of rotary positions, None without them.
    ``sequence``: (N,) words by their number, from 0, for tokens that are words; else None. ``labels``: their texts.
    ``given_tokens``: the rows of the model file: of the embedding for words, else of the tokens. ``fields``: the
    canonical model without these rows.
    """

    section: ClassVar[str] = "transformer"

    readout: NextToken | StateFidelity

    inputs: Numbers
    rotary: float | None
    layers: tuple[Layer, ...]
    sequence: NDArray[np.int64] | None
    labels: tuple[str, ...] | None
    given_tokens: Numbers = field(repr=False)
    fields: dict[str, Any] = field(repr=False)

    @property
    def tokens(self) -> int:
        """N, the number of tokens."""
        return int(self.inputs.shape[0])

    @property
    def index_qubits(self) -> int:
        """The qubits of a register that holds a position: none for one token."""
        return (self.tokens - 1).bit_length()

    @property
    def dimension(self) -> int:
        """d, as given: not padded."""
        return int(self.inputs.shape[1])

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """As JSON: rows and matrices as lists, every default explicit."""
        from qsac.families.transformer.reading import canonical_tokens

        return {**self.fields, "tokens": canonical_tokens(self)}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What every layer gives, by the closed form. Raises :class:`~qsac.errors.InvalidInputError` where the model's
        numbers are too large to be computed with."""
        from qsac.families.transformer.closed_form import steps

        return steps(self)

    @property
    def outputs(self) -> Numbers:
        """o_1..o_N, (N, d): what the last layer gives, read-only. Raises as :attr:`steps` does."""
        return self.steps[-1].output

    @cached_property
    def weights(self) -> tuple[tuple[Weights, ...], ...]:
        """The weights of the rows of each copy of each layer, of which the normalisers are made."""
        from qsac.families.transformer.normalisers import weights

        return weights(self)

    @cached_property
    def plan(self) -> Plan:
        """Its circuits and classical steps. A program is built once, whoever asks for it. Raises as
        :func:`~qsac.families.transformer.plan_size.check_plan`."""
        from qsac.families.transformer.programs import plan

        return plan(self)

    @property
    def entries(self) -> int:
        return int(self.inputs.size)


def turned(rows: Numbers, base: float | None, first: int = 0) -> Numbers:
    """Rows (R, e) of queries or keys of the positions ``first``, first + 1, .. (from 0), turned by rotary positions.
    Without a ``base`` they stay as they are."""
    return rows if base is None else turned_by(rows, base, np.arange(first, first + len(rows)))


def turned_by(rows: Numbers, base: float, places: NDArray[np.intp]) -> Numbers:
    """Rows (R, e) turned by the positions ``places`` (R,): the pair (2a, 2a + 1) by place base^(-2a / e)."""
    width = rows.shape[1]
    angles = places[:, None] * base ** (-2 * np.arange(width // 2) / width)
    cosines, sines = np.cos(angles), np.sin(angles)
    result = np.empty_like(rows)
    result[:, 0::2] = rows[:, 0::2] * cosines - rows[:, 1::2] * sines
    result[:, 1::2] = rows[:, 0::2] * sines + rows[:, 1::2] * cosines
    return result
