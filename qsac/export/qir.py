"""Native circuits as QIR, the quantum intermediate representation in LLVM, by PyQIR's builder.

PyQIR and not pytket-qir: the gates keep their program order, so that what a shot does not need any more comes after the
branch that ends it, and every measurement keeps a result of its own where a qubit is used again. Gates that PyQIR does
not know are called as pytket-qir calls them (``phasedx``, ``rzz``).
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

from qsac.errors import InvalidInputError
from qsac.native.circuit import GATES, NativeCircuit
from qsac.optional import optional_package


def to_qir(circuit: NativeCircuit, *, early_exit: bool = False) -> str:
    """The circuit as the text of a QIR module: static qubits and results, the bits recorded one by one at the end.

    Bits are recorded by ``bool_record_output`` in the circuit's order, labelled ``register[index]``. With
    ``early_exit`` a shot jumps there as soon as a bit that all of the circuit's readouts are given reads 1: no readout
    counts it; what it did not measure is recorded as 0. Raises :class:`~qsac.errors.InvalidInputError` where no bit
    decides that, or without PyQIR.
    """
    decisive = _decisive(circuit) if early_exit else frozenset()
    if early_exit and not decisive:
        raise InvalidInputError(
            "every shot of this circuit counts: none can end early",
            code="export.no-early-exit",
            help="leave the early exit out",
        )
    pyqir = optional_package("pyqir", "writing QIR", "pip install 'qsac[qir]'")
    writer = _Writer(pyqir, circuit)
    columns = (circuit.kind, circuit.first, circuit.second, circuit.angles)
    for kind, first, second, (angle, phase) in zip(*(column.tolist() for column in columns), strict=True):
        name = GATES[kind].name
        if name == "Measure":
            writer.measure(first, second, leave=second in decisive)
        else:
            writer.gates[name](first, second, angle * pi, phase * pi)
    return writer.finished()


def _decisive(circuit: NativeCircuit) -> frozenset[int]:
    """The bits of which a 1 makes a shot worthless to every readout."""
    common = [frozenset(readout.given) for readout in circuit.readouts]
    return frozenset.intersection(*common) if common else frozenset()


class _Writer:
    """A module under construction. ``gates`` writes each gate: qubits, then angles in radians."""

    def __init__(self, pyqir: Any, circuit: NativeCircuit) -> None:
        self.pyqir, self.circuit = pyqir, circuit
        self.module = pyqir.SimpleModule(circuit.name, len(circuit.qubits), len(circuit.bits))
        self.builder, context = self.module.builder, self.module.context
        self.basic = pyqir.BasicQisBuilder(self.builder)
        self.bit_type = pyqir.IntType(context, 1)
        self.qubits, self.results = self.module.qubits, self.module.results
        self.double, self.void = pyqir.Type.double(context), pyqir.Type.void(context)
        self.phased_x = self._declared("qis__phasedx__body", self.void, self.double, self.double, self.qubits[0].type)
        self.zz_phase = self._declared(
            "qis__rzz__body", self.void, self.double, self.qubits[0].type, self.qubits[0].type
        )
        self.read = self._declared("qis__read_result__body", self.bit_type, self.qubits[0].type)
        self.block = self.module.entry_block
        self.end = pyqir.BasicBlock(context, "end", self.module.entry_point)
        self.bits: list[Any] = [pyqir.const(self.bit_type, 0)] * len(circuit.bits)
        self.ways: list[tuple[Any, list[Any]]] = []
        self.gates: dict[str, Callable[[int, int, float, float], object]] = {
            "PhasedX": lambda one, _, angle, phase: self._call(self.phased_x, (angle, phase), one),
            "Rz": lambda one, _, angle, __: self.basic.rz(angle, self.qubits[one]),
            "SX": lambda one, *_: self.basic.rx(pi / 2, self.qubits[one]),
            "X": lambda one, *_: self.basic.x(self.qubits[one]),
            "ZZPhase": lambda one, two, angle, _: self._call(self.zz_phase, (angle,), one, two),
            "CZ": lambda one, two, *_: self.basic.cz(self.qubits[one], self.qubits[two]),
            "CX": lambda one, two, *_: self.basic.cx(self.qubits[one], self.qubits[two]),
            "ECR": lambda one, two, *_: self._echoed(one, two),
            "Reset": lambda one, *_: self.basic.reset(self.qubits[one]),
        }

    def _declared(self, name: str, result: Any, *arguments: Any) -> Any:
        return self.module.add_external_function(f"__quantum__{name}", self.pyqir.FunctionType(result, list(arguments)))

    def _call(self, function: Any, angles: tuple[float, ...], *places: int) -> None:
        numbers = [self.pyqir.const(self.double, angle) for angle in angles]
        self.builder.call(function, [*numbers, *(self.qubits[place] for place in places)])

    def _echoed(self, one: int, two: int) -> None:
        """The echoed cross-resonance gate as a CX, up to a global phase."""
        self.basic.rz(pi / 2, self.qubits[one])
        self.basic.x(self.qubits[one])
        self.basic.rx(-pi / 2, self.qubits[two])
        self.basic.cx(self.qubits[one], self.qubits[two])

    def measure(self, qubit: int, bit: int, *, leave: bool) -> None:
        """Measures, and where ``leave`` is set, goes to the end if the outcome is 1."""
        self.basic.mz(self.qubits[qubit], self.results[bit])
        value = self.builder.call(self.read, [self.results[bit]])
        self.bits[bit] = value
        if leave:
            self.ways.append((self.block, list(self.bits)))
            name = f"after_{'_'.join(map(str, self.circuit.bits[bit]))}"
            self.block = self.pyqir.BasicBlock(self.module.context, name, self.module.entry_point, self.end)
            self.builder.condbr(value, self.end, self.block)
            self.builder.insert_at_end(self.block)

    def finished(self) -> str:
        """Records the bits and gives the module's text."""
        self.builder.br(self.end)
        self.ways.append((self.block, self.bits))
        self.builder.insert_at_end(self.end)
        values = self.bits if len(self.ways) == 1 else [self._joined(bit) for bit in range(len(self.bits))]
        label_type = self.pyqir.PointerType(self.pyqir.IntType(self.module.context, 8))
        record = self._declared("rt__bool_record_output", self.void, self.bit_type, label_type)
        for (register, index), value in zip(self.circuit.bits, values, strict=True):
            label = self.module.add_byte_string(f"{register}[{index}]".encode("ascii"))
            self.builder.call(record, [value, label])
        return str(self.module.ir())

    def _joined(self, bit: int) -> Any:
        """The value of a bit at the end, whichever way a shot came there."""
        value = self.builder.phi(self.bit_type)
        for block, bits in self.ways:
            value.add_incoming(bits[bit], block)
        return value
