"""Transformers whose states are amplitudes: the family of the section ``transformer``."""
