"""Attention by overlap interference (QSA, arXiv 2602.06699): the section ``attention`` of the model file."""

from qsac.families.qsa.family import FAMILY as FAMILY
