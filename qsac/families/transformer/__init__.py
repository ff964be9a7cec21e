"""Transformers whose states are amplitudes: the section ``transformer`` of the model file."""

SECTION = "transformer"
