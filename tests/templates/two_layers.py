"""A program whose later circuits load what earlier ones have measured."""

from typing import Any

from tests.families.program.models import network

SHOTS = 96


def two_layers() -> dict[str, Any]:
    """A network of two layers: six circuits, two of which load what four have measured."""
    last = {"weights": [[0.8, -0.6]], "bias": [0.2], "activation": "identity"}
    found = network(estimate={"orders": [1, 3]})
    found["program"]["layers"].append(last)
    return found


CIRCUITS = 6
