"""From the blocks of a model file to a circuit in normal form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import pi, prod
from typing import Any

import numpy as np
from pydantic import ValidationError

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.steps import block_schema as schema
from qsac.families.steps.ansatz import ANSATZES, ansatz_14_layer
from qsac.families.steps.arrays import Arrays
from qsac.families.steps.capacity import check_gates
from qsac.families.steps.diagnosis import BLOCK
from qsac.families.steps.gate_list import Symbols, named_counts, write_gates
from qsac.families.steps.normal_form import Circuit, Clifford, Flip, Load, Places, Real, Rotation, Writer
from qsac.files.diagnosis import missing, refuse
from qsac.files.pointer import counted, join, kind

Qubits = tuple[int, ...]
Canonical = dict[str, Any]

NEURON_SOURCES = 10
"""Most sources of a neuron: it turns by an angle for each of their 2^m values."""


@dataclass
class Blocks:
    """Writes the blocks of one circuit. ``parameters`` are their numbers so far, one array for each place."""

    writer: Writer
    arrays: Arrays
    parameters: list[Real] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)

    def write(self, given: Sequence[object], pointer: str) -> list[Canonical]:
        """Write blocks; returned are their canonical forms."""
        return [self._written(block, join(pointer, place)) for place, block in enumerate(given)]

    def finished(self) -> tuple[Circuit, Real]:
        """The circuit, and the numbers of its parameters."""
        numbers = np.concatenate([np.empty(0), *(found.reshape(-1) for found in self.parameters)])
        numbers.flags.writeable = False
        return self.writer.finished(), numbers

    def _written(self, given: object, pointer: str) -> Canonical:
        """One block: read, then written, once or as often as it is repeated."""
        write, canonical = self._read(given, pointer)
        write()
        return canonical

    def _read(self, given: object, pointer: str) -> tuple[Callable[[], None], Canonical]:
        """What writes a block, and its canonical form."""
        if not isinstance(given, dict):
            raise InvalidInputError(
                "a block is not an object",
                code="field.wrong-type",
                pointer=pointer,
                found=kind(given),
                wanted='an object with fields, for example {"type": "angle"}',
            )
        try:
            block = schema.BLOCK.validate_python(given)
        except ValidationError as error:
            raise refuse(error, BLOCK, pointer) from None
        if isinstance(block, schema.RepeatBlock):
            return self._repeat(block, pointer)
        qubits = self._qubits(block, pointer)
        canonical: Canonical = block.model_dump(exclude_none=True, exclude={"parameters", "gates"})
        if canonical.get("prefer") == "qubits":
            del canonical["prefer"]
        if isinstance(block, schema.GatesBlock):
            return self._listed_gates(block, qubits, pointer, canonical)
        ansatz = ANSATZES.get(type(block))
        if ansatz is None:
            return lambda: self._fixed(block, qubits, pointer), canonical
        if len(qubits) < ansatz.least:
            raise InvalidInputError(
                f"the block {block.type} acts on too few qubits",
                code="steps.too-few-qubits",
                pointer=f"{pointer}/qubits" if "qubits" in block.model_fields_set else pointer,
                found=counted(len(qubits), "qubit"),
                wanted=f"{ansatz.least} or more",
            )
        places, numbers = self._parameters(block, len(qubits), pointer)
        canonical["parameters"] = numbers.tolist()
        return lambda: self._ansatz(block, qubits, places, pointer), canonical

    def _repeat(self, block: schema.RepeatBlock, pointer: str) -> tuple[Callable[[], None], Canonical]:
        if not isinstance(block.blocks, list) or not block.blocks:
            raise InvalidInputError(
                "there is nothing to repeat",
                code="field.wrong-type",
                pointer=f"{pointer}/blocks",
                found=kind(block.blocks),
                wanted="a list of at least one block",
            )
        read = [self._read(inner, join(f"{pointer}/blocks", place)) for place, inner in enumerate(block.blocks)]

        def write() -> None:
            before = len(self.writer.gates)
            for place in range(block.times):
                for one, _ in read:
                    one()
                if not place:  # what all passes take is known after the first one
                    check_gates(before + block.times * (len(self.writer.gates) - before), pointer)

        return write, {"type": "repeat", "times": block.times, "blocks": [canonical for _, canonical in read]}

    def _qubits(self, block: Any, pointer: str) -> Qubits:
        available = self.writer.qubits
        if isinstance(block, schema.NeuronBlock):
            named, place = (*block.sources, block.target), f"{pointer}/sources"
            if len(block.sources) > NEURON_SOURCES:
                raise DoesNotFitError(
                    "the neuron has too many sources",
                    code="capacity.circuit-too-wide",
                    pointer=place,
                    found=f"{counted(len(block.sources), 'source')}: an angle for each of their values",
                    wanted=f"at most {NEURON_SOURCES}",
                )
        elif "qubits" not in block.model_fields_set:
            return tuple(range(available))
        else:
            named, place = tuple(block.qubits), f"{pointer}/qubits"
        beyond = next((number for number, qubit in enumerate(named) if qubit >= available), None)
        if beyond is not None or len(set(named)) < len(named):
            raise InvalidInputError(
                "the block acts on qubits that there are not, or on one twice",
                code="steps.wrong-qubits",
                pointer=place if beyond is None or isinstance(block, schema.NeuronBlock) else join(place, beyond),
                found=f"{list(named)}",
                wanted=f"different qubits of 0 to {available - 1}: the circuit has {counted(available, 'qubit')}",
            )
        return named

    def _parameters(self, block: Any, qubits: int, pointer: str) -> tuple[Places, Real]:
        shape = ANSATZES[type(block)].shape(block, qubits - 1 if isinstance(block, schema.NeuronBlock) else qubits)
        check_gates(len(self.writer.gates) + prod(shape), pointer)
        reason = f"a block {block.type} on {counted(qubits, 'qubit')} has parameters of shape {shape}"
        numbers = self.arrays.read(block.parameters, f"{pointer}/parameters", shape, (reason,) * len(shape))
        self.parameters.append(numbers)
        return self.writer.new_parameters(f"{pointer}/parameters", shape), numbers

    def _begin(self, qubits: Qubits, pointer: str) -> None:
        self.writer.begin(pointer)
        self.touched.update(qubits)
        check_gates(len(self.writer.gates), pointer)

    def _listed_gates(
        self, block: schema.GatesBlock, qubits: Qubits, pointer: str, canonical: Canonical
    ) -> tuple[Callable[[], None], Canonical]:
        """What writes a block of single gates, and its canonical form."""
        place, (parameters, inputs) = f"{pointer}/gates", named_counts(block.gates)
        own: list[int] = []
        if parameters:
            if "parameters" not in block.model_fields_set:
                raise missing("parameters", pointer, "a block whose angles name parameters", BLOCK)
            reason = f"the angles name {counted(parameters, 'parameter')}"
            numbers = self.arrays.read(block.parameters, f"{pointer}/parameters", (parameters,), (reason,))
            self.parameters.append(numbers)
            own = self.writer.new_parameters(f"{pointer}/parameters", (parameters,)).tolist()
            canonical["parameters"] = numbers.tolist()
        # Checked on a writer of its own: a block that is repeated is checked once.
        checked = Symbols(own, range(inputs))
        canonical["gates"] = write_gates(Writer(self.writer.qubits), block.gates, qubits, place, checked)
        start = block.start if "start" in block.model_fields_set else None

        def write() -> None:
            self._begin(qubits, pointer)
            symbols = Symbols(own, self.writer.take(inputs, start) if inputs else ())
            write_gates(self.writer, block.gates, qubits, place, symbols)

        return write, canonical

    def _ansatz(self, block: Any, qubits: Qubits, places: Places, pointer: str) -> None:
        self._begin(qubits, pointer)
        ANSATZES[type(block)].write(self.writer, block, qubits, places)

    def _fixed(self, block: Any, qubits: Qubits, pointer: str) -> None:
        """A block without parameters: of inputs, or a Fourier transform."""
        if isinstance(block, schema.AmplitudeBlock | schema.UnaryBlock):
            self._load(block, qubits, pointer)
            return
        self._begin(qubits, pointer)
        writer = self.writer
        if isinstance(block, schema.QftBlock):
            fourier(writer, qubits, adjoint=block.adjoint)
            return
        start = block.start if "start" in block.model_fields_set else None
        if isinstance(block, schema.BitsBlock):
            for qubit, number in zip(qubits, writer.take(len(qubits), start), strict=True):
                writer.add(Flip(qubit, number))
        elif isinstance(block, schema.AngleBlock):
            numbers = iter(writer.take(len(qubits) * len(block.rotations), start))
            for qubit in qubits:
                for axis in block.rotations:
                    value = writer.value(inputs={next(numbers): block.factor})
                    writer.add(Rotation(axis[1], (qubit,), value))
        else:
            self._input_ansatz(block, qubits, start, pointer)

    def _input_ansatz(self, block: schema.InputAnsatz14Block, qubits: Qubits, start: int | None, pointer: str) -> None:
        if len(qubits) < 2:
            raise InvalidInputError(
                f"the block {block.type} acts on too few qubits",
                code="steps.too-few-qubits",
                pointer=pointer,
                found="1 qubit",
                wanted="2 or more",
            )
        check_gates(len(self.writer.gates) + block.layers * 4 * len(qubits), pointer)
        shape = (block.layers, 4, len(qubits))
        numbers = np.array(self.writer.take(block.layers * 4 * len(qubits), start)).reshape(shape)
        for layer in numbers:
            ansatz_14_layer(self.writer, qubits, partial(self._input_of_layer, layer))

    def _input_of_layer(self, layer: Places, row: int, place: int) -> int:
        return self.writer.value(inputs={int(layer[row, place]): 1.0})

    def _load(self, block: schema.AmplitudeBlock | schema.UnaryBlock, qubits: Qubits, pointer: str) -> None:
        if self.touched & set(qubits):
            raise InvalidInputError(
                f"the block {block.type} is not the first one on its qubits",
                code="steps.load-not-first",
                pointer=pointer,
                found=f"blocks before it on {sorted(self.touched & set(qubits))}",
                wanted="amplitudes are loaded into qubits that nothing was done to",
                help="put it before these blocks, or on other qubits",
            )
        self._begin(qubits, pointer)
        size = 1 << len(qubits)
        start = block.start if "start" in block.model_fields_set else None
        if isinstance(block, schema.UnaryBlock):
            places = [1 << (len(qubits) - 1 - place) for place in range(len(qubits))]
        else:
            length = block.length if "length" in block.model_fields_set else size
            if length > size:
                raise InvalidInputError(
                    "more amplitudes are to be loaded than the qubits have",
                    code="steps.too-few-qubits",
                    pointer=f"{pointer}/length",
                    found=f"{length:,} amplitudes",
                    wanted=f"at most {size:,}: {counted(len(qubits), 'qubit')}",
                )
            places = list(range(length))
        stays = isinstance(block, schema.UnaryBlock) and block.prefer == "unary"
        self.writer.add(Load(qubits, tuple(self.writer.take(len(places), start)), tuple(places), stays))


def fourier(writer: Writer, qubits: Qubits, *, adjoint: bool) -> None:
    """F[x, y] = exp(2 pi i x y / 2^q) / sqrt(2^q) or its adjoint: H, and exp(i t |11><11|) as exp(i t/4) RZ(t/2)
    RZ(t/2) exp(i t ZZ / 4)."""
    count, sign = len(qubits), -1.0 if adjoint else 1.0
    steps: list[tuple[int, int]] = [(place, other) for place in range(count) for other in range(place, count)]
    swaps = [(qubits[place], qubits[count - 1 - place]) for place in range(count // 2)]
    for pair in swaps if adjoint else ():
        writer.add(Clifford("swap", pair))
    for place, other in reversed(steps) if adjoint else steps:
        if place == other:
            writer.add(Clifford("h", (qubits[place],)))
            continue
        turn = sign * pi / (1 << (other - place))
        for qubit in (qubits[place], qubits[other]):
            writer.add(Rotation("z", (qubit,), writer.value(turn / 2)))
        writer.add(Rotation("zz", (qubits[place], qubits[other]), writer.value(-turn / 2)))
        writer.phase += turn / 4
    for pair in () if adjoint else swaps:
        writer.add(Clifford("swap", pair))
