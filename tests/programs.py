"""The attention program of a model whose plan is one circuit."""

from __future__ import annotations

from qsac.families.contract import Model
from qsac.families.registry import family_of
from qsac.ir.program import Program


def build(model: Model, *, provenance: bool = False) -> Program:
    (step,) = family_of(model).plan(model, provenance=provenance).circuits
    return step.program
