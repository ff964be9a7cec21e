"""Quantum attention behind the contract of a family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from qsac.errors import InvalidInputError, of_type
from qsac.families.contract import Extent, Fact, Parameter, Plan, Sizes
from qsac.families.learning import Given
from qsac.families.qsa.binding import parameters, with_numbers_of
from qsac.families.qsa.diagnosis import MODEL
from qsac.families.qsa.examples import examples
from qsac.families.qsa.meanings import METRICS
from qsac.families.qsa.model import Model
from qsac.families.qsa.parts import evolution_of
from qsac.families.qsa.reading import read
from qsac.families.qsa.readouts.loss import Loss
from qsac.families.qsa.readouts.overlaps import Overlaps
from qsac.families.qsa.readouts.predict import Predict
from qsac.families.qsa.schema import ModelFile
from qsac.families.qsa.shapes import (
    CONTEXT_LIMIT,
    DIMENSION_LIMIT,
    Shape,
    Size,
    doubts_of_heads,
    drawn,
    generic_step,
    shape_of,
    size_of,
)
from qsac.families.qsa.summary import shape_facts, summary
from qsac.families.unitary import Identity
from qsac.files.diagnosis import Contract
from qsac.ir.attention import ApplyUnitary, LoadTokens
from qsac.ir.program import Program

if TYPE_CHECKING:
    from qsac.families.pictures import HeatMap, KernelCurve, Part
    from qsac.families.qsa.learning.learner import OverlapLearner


class QuantumAttention:
    """The family of the section ``attention``: a plan of one circuit, that of the model's readout."""

    section = "attention"
    fields = ModelFile
    contract = MODEL
    classical_work = ()
    metrics = METRICS
    readouts: Mapping[str, type[Any]] = {kind.type: kind for kind in (Loss, Predict, Overlaps)}

    def read(self, fields: BaseModel, given: Mapping[str, Any], folder: Path) -> Model:
        return read(of_type(fields, ModelFile), given, folder)

    def plan(self, model: Model, *, provenance: bool = False) -> Plan:
        """Registers of the circuit: ``query`` and ``key`` of m qubits (none for T = 1), ``value`` and ``score[c]`` of n
        qubits, for a kernel of several terms ``degree[c]`` of one qubit."""
        return Plan((model.readout.step(model, evolution_of(model) if provenance else None),))

    def parameters(self, model: Model) -> dict[str, Parameter]:
        """The tokens, and what of V, W and the phases the model has numbers of."""
        return parameters(model)

    def bound(self, model: Model, values: Mapping[str, Any]) -> Model:
        return with_numbers_of(model, values)

    def sizes(self, model: Model) -> dict[str, Extent]:
        """T, and d before padding."""
        own = size_of(model)
        return {
            "context": Extent(own.context, 1, CONTEXT_LIMIT),
            "dimension": Extent(own.dimension, 2, DIMENSION_LIMIT),
        }

    def generic(self, model: Model, sizes: Sizes) -> Plan:
        size = Size(**sizes)
        if size != size_of(model) and isinstance(model.readout, Predict):
            raise InvalidInputError(
                "a model that reads out a prediction has no other shape: its states belong to its tokens",
                code="estimate.fixed-shape",
                found="--context or --dimension with the readout predict",
                wanted="the readout loss or overlaps",
            )
        return Plan((generic_step(model, size),))

    def drawn(self, model: Model, sizes: Sizes | None = None) -> Model:
        return drawn(model, None if sizes is None else Size(**sizes))

    def is_small(self, model: Model, sizes: Sizes, entries: int) -> bool:
        size = Size(**sizes)
        identities = all(isinstance(given.unitary, Identity) for given in model.unitaries.values())
        own = size == size_of(model)
        loaded = size.context * size.dimension * len(model.heads)
        return (identities or size.dimension**2 <= entries) and (own or loaded <= entries)

    def shape(self, model: Model, sizes: Sizes) -> Shape:
        return shape_of(model, Size(**sizes))

    def shape_facts(self, shape: Mapping[str, Any]) -> list[Fact]:
        return shape_facts(shape)

    def doubts(self, model: Model, sizes: Sizes, finals: Sequence[Program], *, built: bool) -> list[str]:
        size, (final,) = Size(**sizes), finals
        found = []
        scope = final.scope
        unitaries = [op for op in final.ops if isinstance(op, ApplyUnitary)]
        if any(op.form == "matrix" and op.size(scope) + len(op.when) > 1 for op in unitaries):
            found.append(
                "a matrix that is not folded into tables is synthesised, with approximately the gates counted here"
            )
        if all(head.score.is_real for head in model.heads) and any(
            op.form == "diagonal" and op.when for op in unitaries
        ):
            spared = 2 * model.degree << size.data_qubits
            found.append(f"the eigenvalues of a real score unitary come in pairs, which saves up to {spared:,} gates")
        real = not np.iscomplexobj(model.tokens) and all(head.value.is_real for head in model.heads)
        if isinstance(model.given_phases, str) and real:
            found.append("optimal phases of a real model are signs, which may save a few gates")
        gated = any(isinstance(op, LoadTokens) and op.when for op in final.ops)
        if not built and gated and size.dimension < 1 << size.data_qubits:
            found.append("gated loads padded with zeros may save a few one-qubit gates")
        if not built:
            found += doubts_of_heads(model, size)
        if not built and size.context <= 2 < size.dimension:
            found.append("so few tokens coincide in a basis of their span, which may save a few one-qubit gates")
        return found

    def facts(self, model: Model) -> dict[str, Any]:
        return {
            "name": model.name,
            "context": model.context,
            "dimension": model.dimension,
            "data_qubits": model.data_qubits,
            "index_qubits": model.index_qubits,
            "mask": model.mask,
            "pairs": model.pairs,
            **_kernels(model),
            "lam": model.lam,
            "sha256": model.sha256,
            **({} if model.text is None else {"words": list(model.text.words), "floor": model.floor}),
        }

    def summary(self, model: Model) -> list[Fact]:
        return summary(model)

    def statistics(self, model: Model, subnormalisations: Sequence[float]) -> dict[str, Any]:
        """Lambda of the circuit's program, and the pairs of the mask."""
        return {"lam": model.lam * subnormalisations[0], "pairs": model.pairs}

    def beside(self, model: Model) -> Any:
        """The evolution from each token to the next, which the canonical model does not hold."""
        return None if model.evolution is None else asdict(model.evolution)

    @property
    def sketch(self) -> type[BaseModel]:
        from qsac.families.qsa.learning.sketch import OverlapSketch

        return OverlapSketch

    @property
    def sketch_contract(self) -> Contract:
        from qsac.families.qsa.learning.diagnosis import SKETCH

        return SKETCH

    def learner(self, sketch: BaseModel, given: Given, folder: Path) -> OverlapLearner:
        from qsac.families.qsa.learning.learner import OverlapLearner
        from qsac.families.qsa.learning.reading import outline_of_sketch
        from qsac.families.qsa.learning.sketch import OverlapSketch

        return OverlapLearner(outline_of_sketch(of_type(sketch, OverlapSketch), given))

    def learner_of(self, model: Model) -> OverlapLearner:
        from qsac.families.qsa.learning.learner import OverlapLearner
        from qsac.families.qsa.learning.reading import outline_of_model

        return OverlapLearner(outline_of_model(model))

    def examples(self) -> Iterator[Model]:
        return examples()

    def heat_maps(self, model: Model) -> list[HeatMap]:
        from qsac.families.qsa import pictures

        return pictures.heat_maps(model)

    def curves(self, model: Model) -> list[KernelCurve]:
        from qsac.families.qsa import pictures

        return pictures.curves(model)

    def parts(self, model: Model) -> list[Part]:
        from qsac.families.qsa import pictures

        return pictures.parts(model)


def _kernels(model: Model) -> dict[str, Any]:
    """The kernel, or the heads where the model file lists them, as facts."""
    if "heads" not in model.fields["attention"]:
        return {"kernel": list(model.kernel)}
    return {
        "heads": [
            {
                "kernel": list(head.kernel),
                "key_shift": head.key_shift,
                "conjugate": head.conjugate,
                "weight": head.weight,
            }
            for head in model.heads
        ]
    }


FAMILY = QuantumAttention()
