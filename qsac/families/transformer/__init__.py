"""Transformers whose states are amplitudes: the section ``transformer`` of the model file."""

from qsac.families.transformer.family import FAMILY as FAMILY
