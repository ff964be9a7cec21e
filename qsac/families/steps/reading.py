"""From valid fields to a list of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from qsac.errors import InvalidInputError
from qsac.families.steps import schema
from qsac.families.steps.arrays import Arrays
from qsac.families.steps.circuits import circuit, measured, no_inputs
from qsac.families.steps.diagnosis import CIRCUIT, LINEAR
from qsac.families.steps.model import (
    Activation,
    CircuitOf,
    Flatten,
    Linear,
    Measured,
    MeasuredAttention,
    Model,
    Pool,
    Softmax,
    Step,
    UnitaryMixture,
)
from qsac.families.steps.normal_form import Multiplexor, Real, Rotation
from qsac.families.steps.readout import Outputs
from qsac.families.steps.samples import sample_of
from qsac.families.steps.shapes import Flow
from qsac.files.diagnosis import missing, refuse
from qsac.files.numbers import finite_pairs, finite_row
from qsac.files.pointer import counted, join, kind

Canonical = dict[str, Any]

MIXED_TOKENS = 1 << 10
"""Most tokens of a unitary mixture."""

DEGREE = 64
"""Highest degree of the polynomial of a unitary mixture: each factor selects all tokens once more."""


def read(given: schema.ModelFile, fields: Mapping[str, Any], folder: Path) -> Model:
    """The model of a file; see :meth:`qsac.families.contract.Family.read`."""
    model = read_any(given, fields, folder)
    if not any(isinstance(step, CircuitOf | MeasuredAttention | UnitaryMixture) for step in model.steps):
        raise InvalidInputError(
            "no step of the model has a circuit",
            code="steps.no-circuit",
            pointer="/steps",
            found=counted(len(model.steps), "classical step"),
            wanted="at least one step of the type circuit or attention",
        )
    return model


def read_any(given: schema.ModelFile, fields: Mapping[str, Any], folder: Path) -> Model:
    """The same of steps that may all be classical: nothing to compile, but to compare with."""
    reading = Reading(Arrays(folder), Flow())
    pairs = [reading.step(step, join("/steps", place)) for place, step in enumerate(given.steps)]
    shape = reading.flow.shape
    sample: Real | None = np.empty(0) if shape.width == 0 else None
    if "sample" in given.model_fields_set:
        sample = sample_of(given.sample, shape, "/sample")
    return Model(
        name=given.name,
        readout=Outputs(),
        steps=tuple(step for step, _ in pairs),
        shape=shape,
        sample=sample,
        fields={"qsac": given.qsac, "name": given.name, "steps": [canonical for _, canonical in pairs]},
    )


@dataclass
class Reading:
    """Reads the steps of one model in order."""

    arrays: Arrays
    flow: Flow

    def step(self, given: schema.Step, pointer: str) -> tuple[Step, Canonical]:
        """One step and its canonical fields."""
        readers: dict[type[Any], Callable[[Any, str], tuple[Step, Canonical]]] = {
            schema.LinearFields: self._linear,
            schema.ActivationFields: self._activation,
            schema.CircuitFields: self._circuit,
            schema.AttentionFields: self._attention,
            schema.PoolFields: self._pool,
            schema.FlattenFields: self._flatten,
            schema.SoftmaxFields: lambda given, pointer: (Softmax(), given.model_dump()),
        }
        return readers[type(given)](given, pointer)

    def _linear(self, given: schema.LinearFields, pointer: str) -> tuple[Step, Canonical]:
        step, canonical = self._map(given, pointer, self.flow.width, self.flow.said)
        self.flow.takes(step.weight.shape[1], f"{pointer}/weight", "the weight")
        self.flow.gives(step.weight.shape[0], f"the step {pointer} gives as many")
        return step, canonical

    def _map(self, given: schema.LinearFields, pointer: str, width: int | None, said: str) -> tuple[Linear, Canonical]:
        """A linear map of vectors of this length, if it is known."""
        reasons = ("any number of rows", said or "as many entries in every row")
        weight = self.arrays.read(given.weight, f"{pointer}/weight", (None, width), reasons)
        canonical: Canonical = {"type": "linear", "weight": weight.tolist()}
        bias: Real = np.zeros(len(weight))
        if "bias" in given.model_fields_set:
            reason = f"the weight has {counted(len(weight), 'row')}"
            bias = self.arrays.read(given.bias, f"{pointer}/bias", (len(weight),), (reason,))
            canonical["bias"] = bias.tolist()
        return Linear(weight, bias), canonical

    def _activation(self, given: schema.ActivationFields, pointer: str) -> tuple[Step, Canonical]:
        return Activation(given.function, given.factor), given.model_dump()

    def _circuit(self, given: schema.CircuitFields, pointer: str) -> tuple[Step, Canonical]:
        found, canonical = measured(given, pointer, self.arrays)
        self._feed(found, pointer)
        self.flow.gives(found.width, f"the circuit {pointer} measures as many")
        return CircuitOf(found), {"type": "circuit", **canonical}

    def _feed(self, found: Measured, pointer: str) -> None:
        self.flow.takes(found.circuit.inputs, f"{pointer}/blocks", "the circuit")

    def _pool(self, given: schema.PoolFields, pointer: str) -> tuple[Step, Canonical]:
        self.flow.needs_sequence(pointer, "pool")
        self.flow.one_vector()
        return Pool(given.over), given.model_dump()

    def _flatten(self, given: schema.FlattenFields, pointer: str) -> tuple[Step, Canonical]:
        self.flow.needs_sequence(pointer, "flatten")
        self.flow.flattened()
        return Flatten(), given.model_dump()

    def _attention(self, given: schema.AttentionFields, pointer: str) -> tuple[Step, Canonical]:
        self.flow.needs_sequence(pointer, "attention")
        attention, place = given.attention, f"{pointer}/attention"
        if isinstance(attention, schema.UnitaryMixture):
            return self._mixture(attention, given, pointer)
        if "then" in given.model_fields_set:
            raise InvalidInputError(
                "measured attention hands on numbers, not a state",
                code="steps.then-without-state",
                pointer=f"{pointer}/then",
                wanted='"then" only where attention is a unitary-mixture',
                help="put the circuit into a step of its own, which takes these numbers as inputs",
            )
        step, canonical = self._measured(attention, place)
        return step, {"type": "attention", "attention": canonical}

    # Attention of measured values

    def _measured(self, given: schema.MeasuredAttention, pointer: str) -> tuple[MeasuredAttention, Canonical]:
        query, asked = measured(given.query, f"{pointer}/query", self.arrays, state=True)
        key, canonical_key = (query, None)
        if "key" in given.model_fields_set:
            key, canonical_key = measured(given.key, f"{pointer}/key", self.arrays, state=True)
        for found, name in ((query, "query"), (key, "key")):
            self._feed(found, f"{pointer}/{name}")
            _check_scored(found, given.score, f"{pointer}/{name}")
        if key.circuit.qubits != query.circuit.qubits and given.score.type != "gaussian":
            raise InvalidInputError(
                "query and key are states of different numbers of qubits",
                code="attention.unequal-states",
                pointer=f"{pointer}/key/qubits",
                found=counted(key.circuit.qubits, "qubit"),
                wanted=f"{query.circuit.qubits}, as the query",
            )
        keep = _kept(given.score, query.circuit.qubits, f"{pointer}/score/keep")
        value, canonical_value, width = self._value(given.value, f"{pointer}/value")
        if given.residual and width != query.circuit.inputs:
            raise InvalidInputError(
                "the residual adds vectors of different lengths",
                code="attention.residual",
                pointer=f"{pointer}/residual",
                found=f"values of {counted(width, 'number')}, tokens of {query.circuit.inputs:,}",
                wanted="values as long as the tokens, or no residual",
            )
        self.flow.gives(width, f"the values of {pointer} have as many")
        canonical: Canonical = {
            "type": "measured",
            "mask": given.mask,
            "query": asked,
            **({} if canonical_key is None else {"key": canonical_key}),
            "value": canonical_value,
            "score": _score(given.score),
            "normaliser": given.normaliser,
            "residual": given.residual,
        }
        made = MeasuredAttention(
            given.mask,
            query,
            key,
            value,
            given.score.type,
            given.score.scale,
            keep,
            given.normaliser,
            given.residual,
            given.score.form if isinstance(given.score, schema.MixedScore) else "auto",
        )
        return made, canonical

    def _value(self, given: object, pointer: str) -> tuple[Measured | Linear | None, Canonical, int]:
        """The value, its canonical fields, and how many numbers it gives. The width of the tokens is known."""
        width = self.flow.width or 0
        if not isinstance(given, dict):
            raise InvalidInputError(
                "the value is not an object",
                code="field.wrong-type",
                pointer=pointer,
                found=kind(given),
                wanted='a circuit, {"type": "linear", ..} or {"type": "identity"}',
            )
        if given.get("type") == "identity" and len(given) == 1:
            return None, {"type": "identity"}, width
        try:
            if "type" not in given:
                found, canonical = measured(schema.CIRCUIT.validate_python(given), pointer, self.arrays)
                self._feed(found, pointer)
                return found, canonical, found.width
            read = schema.VALUE_MAP.validate_python(given)
        except ValidationError as error:
            raise refuse(error, LINEAR if "type" in given else CIRCUIT, pointer) from None
        made, canonical = self._map(read, pointer, width, "the tokens have as many entries")
        return made, canonical, len(made.weight)

    # A mixture of unitaries

    def _mixture(
        self, given: schema.UnitaryMixture, outer: schema.AttentionFields, pointer: str
    ) -> tuple[UnitaryMixture, Canonical]:
        place = f"{pointer}/attention"
        if "then" not in outer.model_fields_set:
            raise missing("then", pointer, "a unitary-mixture without it", CIRCUIT)
        mixing = _mixing(given.mixing, f"{place}/mixing")
        if len(given.polynomial) > DEGREE + 1 or not any(given.polynomial):
            raise InvalidInputError(
                "the polynomial is zero, or its degree is too high",
                code="attention.polynomial",
                pointer=f"{place}/polynomial",
                found=counted(len(given.polynomial), "coefficient"),
                wanted=f"at most {DEGREE + 1} coefficients, not all zero",
            )
        token, parameters, canonical = circuit(given.token, f"{place}/token", self.arrays)
        turns = all(isinstance(gate, Rotation | Multiplexor) for gate in token.gates)
        if len(token.pointers) != 1 or parameters.size or not token.inputs or not turns:
            raise InvalidInputError(
                "the token is not one ansatz that is fed by the token",
                code="attention.token",
                pointer=f"{place}/token/blocks",
                found=f"{counted(len(token.pointers), 'block')}, {counted(parameters.size, 'parameter')}",
                wanted='one block of rotations by inputs: [{"type": "input-ansatz-14"}] or [{"type": "angle"}]',
            )
        self.flow.takes(token.inputs, f"{place}/token/blocks", "the token's circuit")
        then, canonical_then = measured(outer.then, f"{pointer}/then", self.arrays)
        no_inputs(then.circuit, f"{pointer}/then", "blocks with parameters: it goes on with the mixture's state")
        if then.circuit.qubits != token.qubits:
            raise InvalidInputError(
                "the circuit goes on with a state of another number of qubits",
                code="attention.unequal-states",
                pointer=f"{pointer}/then/qubits",
                found=counted(then.circuit.qubits, "qubit")
                + (f", {then.circuit.discarded:,} of them for resets" if then.circuit.discarded else ""),
                wanted=f"{token.qubits}, as the token's circuit has",
            )
        self.flow.one_vector()
        self.flow.gives(then.width, f"the circuit {pointer}/then measures as many")
        attention = {
            "type": "unitary-mixture",
            "mixing": [[number.real, number.imag] for number in mixing.tolist()],
            "polynomial": list(given.polynomial),
            "token": canonical,
        }
        made = UnitaryMixture(mixing, np.array(given.polynomial, dtype=np.float64), token, then)
        return made, {"type": "attention", "attention": attention, "then": canonical_then}


def _check_scored(found: Measured, score: schema.Score, pointer: str) -> None:
    """Whether what a query or key measures is what scores are made of."""
    if score.type == "gaussian":
        if found.kind == "pauli" and found.width == 1:
            return
        wanted = "one observable: a gaussian score compares two expectation values"
    else:
        if found.kind == "state" and not found.circuit.projects and not found.circuit.discarded:
            return
        wanted = f'{{"type": "state"}}, and no projections or resets: a score of {score.type} compares states'
    raise InvalidInputError(
        "this is not measured as the score wants it",
        code="attention.wrong-measure",
        pointer=f"{pointer}/measure",
        found=f'"{found.kind}"'
        + (", with projections" if found.circuit.projects else "")
        + (", with resets" if found.circuit.discarded else ""),
        wanted=wanted,
    )


def _score(score: schema.Score) -> Canonical:
    """The canonical fields; the form of a mixed overlap where one is asked for."""
    fields = score.model_dump()
    return {name: value for name, value in fields.items() if (name, value) != ("form", "auto")}


def _kept(score: schema.Score, qubits: int, pointer: str) -> tuple[int, ...]:
    if not isinstance(score, schema.MixedScore):
        return ()
    if len(set(score.keep)) < len(score.keep) or max(score.keep) >= qubits:
        raise InvalidInputError(
            "the qubits that are kept are not different ones of the circuit's",
            code="steps.wrong-qubits",
            pointer=pointer,
            found=f"{score.keep}",
            wanted=f"different qubits of 0 to {qubits - 1}",
        )
    return tuple(score.keep)


def _mixing(given: object, pointer: str) -> Any:
    """One complex number for each token."""
    if not isinstance(given, list) or not 1 <= len(given) <= MIXED_TOKENS:
        raise InvalidInputError(
            "the mixing is not a list of one number for each token",
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted=f"1 to {MIXED_TOKENS:,} numbers or [re, im] pairs",
        )
    pairs = isinstance(given[0], list)
    result = np.empty((len(given), 2) if pairs else len(given))
    (finite_pairs if pairs else finite_row)(given, pointer, result)
    mixing = result.view(np.complex128)[:, 0] if pairs else result.astype(np.complex128)
    if not mixing.any():
        raise InvalidInputError(
            "nothing is mixed: all coefficients are zero",
            code="attention.polynomial",
            pointer=pointer,
            wanted="at least one other than 0",
        )
    return mixing
