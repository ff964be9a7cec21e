"""Attention by overlap interference (QSA, arXiv 2602.06699): the section ``attention`` of the model file."""

SECTION = "attention"
