"""One-qubit gates as SU(2) elements, and what native gates they come to. Angles in half-turns."""

from __future__ import annotations

from cmath import exp, phase, pi
from math import atan2, cos, sin

Spin = tuple[complex, complex]
"""An SU(2) element [[p, -q*], [q, p*]] as (p, q)."""


def phased_x(theta: float, phi: float) -> Spin:
    """PhasedX = Rz(phi) Rx(theta) Rz(-phi)."""
    return complex(cos(theta * pi / 2)), -1j * exp(1j * phi * pi) * sin(theta * pi / 2)


def turned_z(angle: float) -> Spin:
    """Rz of an angle."""
    return exp(-0.5j * pi * angle), 0j


def after(gate: Spin, before: Spin) -> Spin:
    """A gate after another one, as one."""
    (p, q), (r, s) = gate, before
    return p * r - q.conjugate() * s, q * r + p.conjugate() * s


def taken_apart(gate: Spin) -> tuple[float, float, float]:
    """theta, phi and alpha of Rz(alpha) PhasedX(theta, phi), which is the gate; theta from 0 to 1.

    p = e^(-i alpha/2) cos(theta/2) and q = -i e^(i phi + i alpha/2) sin(theta/2), angles here in radians.
    """
    p, q = gate
    turned = phase(p)
    return 2 * atan2(abs(q), abs(p)) / pi, (phase(1j * q) + turned) / pi, -2 * turned / pi
