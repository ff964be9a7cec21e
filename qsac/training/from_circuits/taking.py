"""How the outcomes of a circuit are taken: exactly, by shots, or by shots with a machine's errors, as ``qsac run``
does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qsac.errors import InvalidInputError
from qsac.families.outcomes import Outcomes, counted, drawn, is_drawable
from qsac.machine.target import ErrorRates, Target, describe
from qsac.native.circuit import NativeCircuit
from qsac.runtime.aer import sample
from qsac.runtime.run import DEFAULT_SHOTS
from qsac.runtime.sampling import BATCH, rates_of
from qsac.simulation.exact import simulator
from qsac.training.from_circuits.positions import with_positions


@dataclass(frozen=True)
class Taking:
    """``shots`` of each circuit, None for exact probabilities; with ``noise`` by the error rates of the target; with
    ``positions`` each position by itself (:mod:`qsac.training.from_circuits.positions`)."""

    target: dict[str, Any]
    shots: int | None = None
    noise: bool = False
    positions: bool = False

    def outcomes(self, circuit: NativeCircuit, seed: int) -> Outcomes:
        """The outcomes of a circuit; the same seed gives the same ones.

        Raises :class:`~qsac.errors.DoesNotFitError` for circuits that are too wide, and
        :class:`~qsac.errors.BackendError` where a simulator fails.
        """
        name = self.target["name"]
        if self.shots is None:
            return simulator(name)(circuit, None)
        circuit = with_positions(circuit) if self.positions else circuit
        if self.noise:
            return self._sampled(circuit, seed, rates_of(self.target, circuit))
        if self.target["kind"] == "shots" or not is_drawable(circuit):
            return self._sampled(circuit, seed, None)
        return drawn(circuit, simulator(name)(circuit, None), self.shots, seed)

    def _sampled(self, circuit: NativeCircuit, seed: int, rates: ErrorRates | None) -> Outcomes:
        """Shots on Aer, in batches."""
        found: Outcomes | None = None
        left = self.shots or 0
        while left:
            some = min(left, BATCH) if self.noise else left
            outcomes = counted(circuit, sample(circuit, some, seed + left, rates))
            found = outcomes if found is None else found + outcomes
            left -= some
        if found is None:
            raise ValueError("no shots are taken")
        return found


def taking(target: Target, shots: int | None, *, noise: bool) -> Taking:
    """How outcomes are taken of circuits that are compiled for a target. Raises
    :class:`~qsac.errors.InvalidInputError` for noise without a machine that has errors."""
    described = describe(target)
    if noise and (target.kind != "device" or described["errors"] is None):
        raise InvalidInputError(
            f"{target.name} has no noise",
            code="run.no-noise",
            pointer="/gradient/target",
            wanted="a machine with published error rates, such as h2",
            help="leave the noise out, or name the machine that it is of",
        )
    if shots is None and (noise or target.kind == "shots"):
        shots = DEFAULT_SHOTS
    return Taking(described, shots, noise)
