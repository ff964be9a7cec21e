"""Gradient descent as a linear system: Carleman's linearisation, its history, and what solvers of it take.

u = theta - center, u(t+1) = sum_k F_k u^(x)k, F_1 = 1 - rate * Hessian(center). y_j = (u/gamma)^(x)j for j = 1 .. N:
y(t+1) = A y(t) + b. The history of T' = steps + 1 instants solves M Z = r, M = 1 - S (x) A with the nilpotent shift S.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qsac.families.program.linearised.inversion import Inversion, error_of_parameter, inversion_of
from qsac.families.program.linearised.polynomials import Polynomial
from qsac.numerics.bounded_polynomials import inverse_polynomial

if TYPE_CHECKING:
    from qsac.families.contract import Plan
    from qsac.families.outcomes import Outcomes
    from qsac.families.program.model import Model

Real = NDArray[np.float64]

SHOWN_DEGREES = (5, 9, 13, 17, 21)
"""The degrees of the inverse whose errors a closed form says."""


@dataclass(frozen=True, eq=False)
class Linearised:
    """``loss``: of the parameters that are trained, of which there are n; ``start`` and ``center`` (n,) of these.
    ``places``: where they stand among all parameters. ``samples``: how many points the loss is a mean over."""

    loss: Polynomial
    rate: float
    steps: int
    start: Real
    center: Real
    order: int
    scale: float
    places: tuple[int, ...]
    samples: int
    solver: Literal["neumann", "qsvt"]
    precision: float
    degree: int | None = None
    """Of the polynomial; None where it follows from the precision."""

    @property
    def entries(self) -> int:
        return len(self.right) if self.parameters else 0

    @property
    def parameters(self) -> int:
        return len(self.start)

    @property
    def multiply_adds(self) -> int:
        """Of plain gradient descent: two passes over all points a step."""
        return 2 * self.samples * self.parameters * self.steps

    @cached_property
    def maps(self) -> list[Real]:
        """F_0, F_1, .., each (n, n^k)."""
        return maps(self.loss, self.center, self.rate)

    @cached_property
    def matrix(self) -> Real:
        """The matrix A."""
        return carleman(self.maps, self.order, self.scale)[0]

    @cached_property
    def offset(self) -> Real:
        """The offset b."""
        return carleman(self.maps, self.order, self.scale)[1]

    @cached_property
    def first(self) -> Real:
        """y(0)."""
        return _powers((self.start - self.center) / self.scale, self.order)

    @cached_property
    def right(self) -> Real:
        """r, the right-hand side."""
        return np.concatenate((self.first, np.tile(self.offset, self.steps)))

    @cached_property
    def history(self) -> Real:
        """Z, (T', D): forward substitution, as M is triangular."""
        rows = [self.first]
        for _ in range(self.steps):
            rows.append(self.matrix @ rows[-1] + self.offset)
        return np.stack(rows)

    @cached_property
    def descent(self) -> Real:
        """Plain gradient descent, (T', n)."""
        rows = [self.start]
        for _ in range(self.steps):
            rows.append(rows[-1] - self.rate * self.loss.gradient(rows[-1]))
        return np.stack(rows)

    @property
    def linearised(self) -> Real:
        """Theta of the history, (T', n)."""
        return self.theta_of(self.history)

    def theta_of(self, history: Real) -> Real:
        """The parameters of a history, (T', n)."""
        return np.asarray(self.center + self.scale * history[:, : self.parameters])

    @cached_property
    def norm(self) -> float:
        return float(np.linalg.norm(self.matrix, 2))

    @property
    def dissipation(self) -> float | None:
        """R: below 1 the linearisation converges (sufficient only); None where F_1 does not contract."""
        contraction = 1 - float(np.linalg.norm(self.maps[1], 2)) if len(self.maps) > 1 else 1.0
        distance = float(np.linalg.norm(self.start - self.center))
        if contraction <= 0 or not distance:
            return None
        higher = sum(
            float(np.linalg.norm(found, 2)) * distance ** (k - 1) for k, found in enumerate(self.maps[2:], start=2)
        )
        return (float(np.linalg.norm(self.maps[0], 2)) / distance + higher) / contraction

    @property
    def time_qubits(self) -> int:
        """Those of the instants."""
        return self.steps.bit_length()

    @property
    def state_qubits(self) -> int:
        """Those of what there is at an instant."""
        return max(1, (len(self.offset) - 1).bit_length())

    def padded(self, history: Real) -> Real:
        """Something of the history's size, with zeros to powers of two: (2^time, 2^state)."""
        size = len(self.offset)
        found = np.zeros((1 << self.time_qubits, 1 << self.state_qubits))
        found[: self.steps + 1, :size] = history.reshape(-1, size)
        return found

    @cached_property
    def powers(self) -> list[Real]:
        """A^(2^j) for each bit of the time."""
        found = [self.matrix]
        for _ in range(self.time_qubits - 1):
            found.append(found[-1] @ found[-1])
        return found

    @property
    def alpha(self) -> float:
        """What the product of the series is divided by."""
        return float(np.prod([1 + np.linalg.norm(power, 2) for power in self.powers]))

    @cached_property
    def condition(self) -> float:
        """kappa: 1 over the least singular value of M / (1 + |A|)."""
        instants, size = self.steps + 1, len(self.offset)
        matrix = np.eye(instants * size) - np.kron(np.diag(np.ones(instants - 1), -1), self.matrix)
        return (1 + self.norm) / float(np.linalg.norm(matrix, -2))

    @cached_property
    def inversion(self) -> Inversion:
        """The polynomial of the solver ``qsvt``."""
        return inversion_of(self)

    @property
    def by_polynomial(self) -> bool:
        return self.solver == "qsvt"

    @cached_property
    def solved(self) -> Real:
        """What the solver's circuit gives, (T', D): the history, or what the polynomial makes of it."""
        if not self.by_polynomial:
            return self.history
        right = self.right.reshape(self.steps + 1, -1)
        return self.inversion.applied(self.matrix, right) * self.inversion.subnormalisation

    @property
    def subnormalisation(self) -> float:
        """What the solver's amplitudes are multiplied by, with |r|, for the history."""
        return self.inversion.subnormalisation if self.by_polynomial else self.alpha

    @property
    def spread(self) -> float:
        """The standard error of a parameter, times the root of the shots: gamma alpha |r| / 2, whatever its value."""
        return float(self.scale * self.subnormalisation * np.linalg.norm(self.right) / 2)

    @property
    def success(self) -> float:
        """The acceptance probability."""
        return float(np.linalg.norm(self.solved) / (self.subnormalisation * np.linalg.norm(self.right))) ** 2

    @property
    def bias(self) -> float:
        """A bound on how far the solver's parameters are off without any shots."""
        return error_of_parameter(self, self.inversion.polynomial.error) if self.by_polynomial else 0.0

    def solver_facts(self) -> dict[str, Any]:
        """The solver, how often it uses A or M, and what the polynomial costs: ``infidelity`` of the history's state,
        ``error_of_theta`` at any instant and its bound."""
        if not self.by_polynomial:
            return {"type": self.solver, "uses": self.steps}
        found, exact = self.solved, self.history
        overlap = float((found * exact).sum()) ** 2 / float((found**2).sum() * (exact**2).sum())
        off = self.scale * np.abs(found - exact)[:, : self.parameters]
        return {
            "type": self.solver,
            "uses": self.inversion.degree,
            "degree": self.inversion.degree,
            "subnormalisation": self.subnormalisation,
            "error_of_inverse": self.inversion.polynomial.error,
            "infidelity": max(0.0, 1 - overlap),
            "error_of_theta": float(off.max()),
            "error_of_theta_at_most": self.bias,
        }

    def neumann(self) -> dict[str, Any]:
        """The exact product over the bits of the time: prod (1 + X^(2^j)), X = S (x) A."""
        instants, alpha = self.steps + 1, self.alpha
        success = (float(np.linalg.norm(self.history)) / (alpha * float(np.linalg.norm(self.right)))) ** 2
        return {"alpha": alpha, "success_probability": success, "uses_of_A": instants - 1}

    def qsvt(self) -> dict[str, Any]:
        """A polynomial of the block encoding: alpha = 1 + |A|."""
        errors = {str(degree): inverse_polynomial(degree, self.condition)[0].error for degree in SHOWN_DEGREES}
        return {"alpha": 1 + self.norm, "kappa": self.condition, "error_of_inverse_by_degree": errors}

    def fed(self, seen: Mapping[str, Outcomes]) -> Linearised:
        """The same: no circuit comes after another one."""
        return self

    def plan(self, model: Model) -> Plan:
        from qsac.families.program.linearised.circuits import plan

        return plan(model, self)


def maps(loss: Polynomial, center: Real, rate: float) -> list[Real]:
    """F_k as symmetric tensors, (n, n^k), k = 0 .. degree of the loss - 1, of one step of descent about the center."""
    size = len(center)
    moved = loss.moved(center)
    found = []
    for k in range(max(loss.degree, 2)):
        tensor = np.zeros((size, size**k))
        for row in range(size):
            for column, places in enumerate(product(range(size), repeat=k)):
                tensor[row, column] = -rate * moved.symmetric_derivative((row, *places)) * (k + 1)
        if k == 1:
            tensor += np.eye(size)
        found.append(tensor)
    return found


def carleman(found: Sequence[Real], order: int, scale: float) -> tuple[Real, Real]:
    """A and b of the linearisation to an order.

    A_jl = gamma^(l-j) times the sum over k_1 + .. + k_j = l of F_k1 (x) .. (x) F_kj; b is the part l = 0.
    """
    size = len(found[0])
    starts = np.cumsum([0, *(size**j for j in range(1, order + 1))])
    matrix, offset = np.zeros((starts[-1], starts[-1])), np.zeros(starts[-1])
    for j in range(1, order + 1):
        rows = slice(starts[j - 1], starts[j])
        for degrees in product(range(len(found)), repeat=j):
            whole = sum(degrees)
            if whole > order:
                continue
            block: Real = np.ones((1, 1))
            for k in degrees:
                block = np.asarray(np.kron(block, found[k]), dtype=np.float64)
            block = block * scale ** (whole - j)
            if whole:
                matrix[rows, starts[whole - 1] : starts[whole]] += block
            else:
                offset[rows] += block[:, 0]
    return matrix, offset


def best_scale(found: Sequence[Real], order: int, distance: float) -> float:
    """The scale whose matrix is shortest, by a golden section over its logarithm about the distance of the start."""
    middle = np.log(max(distance, 1e-3))
    low, high = middle - 4.0, middle + 4.0
    ratio = (np.sqrt(5) - 1) / 2
    matrix, size = carleman(found, order, 1.0)[0], len(found[0])
    powers = np.repeat(np.arange(1, order + 1), [size**j for j in range(1, order + 1)])

    def length(exponent: float) -> float:
        scale = np.exp(exponent * powers)
        return float(np.linalg.norm(matrix * scale / scale[:, None], 2))

    for _ in range(48):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        if length(first) <= length(second):
            high = second
        else:
            low = first
    return float(f"{np.exp((low + high) / 2):.6g}")


def _powers(vector: Real, order: int) -> Real:
    """(v, v (x) v, ..), up to the order."""
    parts = [vector]
    for _ in range(order - 1):
        parts.append(np.asarray(np.kron(parts[-1], vector), dtype=np.float64))
    return np.concatenate(parts)
