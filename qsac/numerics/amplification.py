"""Amplitude amplification in numbers (Brassard, Hoyer, Mosca, Tapp, quant-ph/0005055): with an acceptance probability
sin^2 theta, r rounds accept with sin^2((2r + 1) theta), and change nothing of what is accepted."""

from __future__ import annotations

from math import asin, sin, sqrt

MOST_ROUNDS = 64
"""Most rounds that are chosen or asked for."""


def growth(probability: float, rounds: int) -> float:
    """By what the accepted amplitude is multiplied, for an acceptance ``probability`` above 0."""
    amplitude = sqrt(min(1.0, probability))
    return sin((2 * rounds + 1) * asin(amplitude)) / amplitude


def amplified(probability: float, rounds: int) -> float:
    """The acceptance probability after so many rounds."""
    return probability * growth(probability, rounds) ** 2


def best_rounds(probability: float, gates: int, each: int, error: float = 0.0) -> int:
    """The rounds with the fewest gates for a shot that is accepted and free of errors, 0 among them: ``gates`` of a
    circuit without rounds, ``each`` of a round, and the ``error`` probability of a gate."""

    def dear(rounds: int) -> float:
        taken = gates + rounds * each
        kept = amplified(probability, rounds) * (1 - error) ** taken
        return taken / max(kept, 1e-300)

    return min(range(MOST_ROUNDS + 1), key=dear)
