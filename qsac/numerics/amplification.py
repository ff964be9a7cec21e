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


def best_rounds(probability: float, gates: int, reflections: int) -> int:
    """The rounds with the fewest gates for an accepted shot, 0 among them. An attempt takes ``gates``, and a round twice
    as many and its ``reflections``."""

    def dear(rounds: int) -> float:
        return (gates + rounds * (2 * gates + reflections)) / max(amplified(probability, rounds), 1e-300)

    return min(range(MOST_ROUNDS + 1), key=dear)
