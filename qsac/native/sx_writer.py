"""PhasedX and ZZPhase gates, one by one, in SX, X, virtual Rz and CZ."""

from __future__ import annotations

from math import pi

from qsac.native.angles import NEGLIGIBLE, Linear, wrapped
from qsac.native.columns import Columns, Sink
from qsac.numerics.pauli import pair_gates


class Writer:
    """Writes PhasedX and ZZPhase gates as SX, X, Rz and CZ, to ``columns`` if given."""

    def __init__(self, qubits: int, columns: Sink | None = None) -> None:
        self.columns: Sink = Columns() if columns is None else columns
        self.rz = [0.0] * qubits
        self.rz_open = [False] * qubits
        self.terms: list[tuple[int, Linear]] = []

    def write(
        self, name: str, first: int, second: int, angle: float, phase: float, open: int, linear: Linear | None
    ) -> None:
        """Write a gate; ``open`` as in :class:`Columns`, ``linear`` as in ``terms`` of the emitter."""
        if name == "PhasedX":
            self._phased_x(first, angle, phase, open, linear)
        elif name == "ZZPhase":
            self._zz(first, second, angle, open, linear)
        elif name == "Rz":
            self._turn_z(first, angle, True, linear)
        else:
            # A measurement and a reset forget the frame.
            self.rz[first], self.rz_open[first] = 0.0, False
            self.columns.append(name, first, second)

    def shift(self, qubit: int, angle: float) -> None:
        """Rz of an angle, which changes the qubit's frame."""
        self.rz[qubit] += angle

    def close(self) -> None:
        """Write the frames that are left, for a circuit whose end is not a measurement."""
        for qubit, angle in enumerate(self.rz):
            self._turn_z(qubit, angle, False)
            self.rz[qubit] = 0.0

    def _turn_z(self, qubit: int, angle: float, open: bool, linear: Linear | None = None) -> None:
        angle = float(wrapped(angle))
        if open or abs(angle) > NEGLIGIBLE:
            self.columns.append("Rz", qubit, -1, angle)
            if linear is not None:
                self.terms.append((len(self.columns) - 1, linear))

    def _phased_x(self, qubit: int, theta: float, phi: float, open: int = 0, linear: Linear | None = None) -> None:
        """PhasedX = Rz(phi) Rx(theta) Rz(-phi), with Rx(1/2) = SX and Rx = Rz(1/2) SX Rz(theta + 1) SX Rz(1/2)."""
        if theta < 0 and not open & 1:
            theta, phi = -theta, phi + 1
        theta_open, phi_open = bool(open & 1), bool(open & 2)
        turned_open = self.rz_open[qubit] or phi_open
        self.rz_open[qubit] = phi_open
        if abs(theta - 1) < NEGLIGIBLE and not theta_open:
            self.columns.append("X", qubit)
            self.rz[qubit] = 2 * phi - self.rz[qubit]
            self.rz_open[qubit] = turned_open
        elif abs(theta - 0.5) < NEGLIGIBLE and not theta_open:
            self._turn_z(qubit, self.rz[qubit] - phi, turned_open)
            self.columns.append("SX", qubit)
            self.rz[qubit] = phi
        else:
            self._turn_z(qubit, self.rz[qubit] - phi + 0.5, turned_open)
            self.columns.append("SX", qubit)
            self._turn_z(qubit, theta + 1, theta_open, linear)
            self.columns.append("SX", qubit)
            self.rz[qubit] = phi + 0.5

    def _zz(self, first: int, second: int, angle: float, open: int, linear: Linear | None) -> None:
        if not open and pair_gates(angle * pi, "cz") == 1:
            self.columns.append("CZ", first, second)
            self.rz[first] += angle
            self.rz[second] += angle
            return
        # exp(-i t Z Z) = Ry(-1/2) CZ Rx CZ Ry(1/2) on the second qubit.
        self._phased_x(second, 0.5, 0.5)
        self.columns.append("CZ", first, second)
        self._phased_x(second, angle, 0.0, open, linear)
        self.columns.append("CZ", first, second)
        self._phased_x(second, -0.5, 0.5)
