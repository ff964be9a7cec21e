"""The readout of a list of steps: what it gives of a sample."""

from __future__ import annotations


class Outputs:
    """What the last step gives of the sample."""

    type = "outputs"
