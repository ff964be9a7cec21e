"""Operators of our own, and the rules by which PennyLane's graph of decompositions takes them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from qsac import synthesis
from qsac.errors import InvalidInputError
from qsac.hosts.offers import CZ_TARGET, Terms
from qsac.hosts.pennylane.counting import host_gates
from qsac.hosts.pennylane.package import qml
from qsac.hosts.pennylane.transform import plain
from qsac.synthesis import Block

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget

_OPERATORS = {
    "PhasedX": qml.Rot,
    "Rz": qml.RZ,
    "SX": qml.SX,
    "X": qml.PauliX,
    "ZZPhase": qml.IsingZZ,
    "CZ": qml.CZ,
}


class _Prepared(qml.operation.Operation):  # type: ignore[misc]  # without type information
    """A block as an operator: its numbers are its parameter, its gates its resources, which are exact."""

    num_params = 1
    grad_method = None
    resource_keys = frozenset({"gates"})
    make: Callable[..., Block]

    def __init__(self, numbers: Any, wires: Any, target: AnyTarget = CZ_TARGET, optimisation: int = 2) -> None:
        self._hyperparameters = {"target": target, "optimisation": optimisation}
        super().__init__(numbers, wires=wires)
        self._block: Block | None = None

    @property
    def block(self) -> Block:
        """The block. Raises :class:`~qsac.errors.QsacError` for numbers that it is not for, and for another number of
        wires than it has qubits."""
        if self._block is None:
            self._block = _block_of(type(self), self.parameters[0], len(self.wires), self.hyperparameters)
        return self._block

    @property
    def resource_params(self) -> dict[str, Any]:
        return {"gates": tuple(sorted(self.block.counts().gates.items()))}

    def decomposition(self) -> list[Any]:
        return self.block.to_pennylane(self.wires)

    @classmethod
    def compute_decomposition(cls, numbers: Any, wires: Any, **hyperparameters: Any) -> list[Any]:
        """The operations of the block."""
        return _block_of(cls, numbers, len(wires), hyperparameters).to_pennylane(wires)


def _block_of(kind: type[_Prepared], values: Any, wires: int, hyperparameters: Mapping[str, Any]) -> Block:
    numbers = plain(values)
    if numbers is None:
        raise InvalidInputError(
            f"{kind.__name__} cannot be traced or differentiated",
            code="array.not-numbers",
            found=f"parameters of type {type(values).__name__}",
            wanted="numbers that are known when the circuit is written",
            help="with requires_grad=False arrays of PennyLane's are such numbers",
        )
    block: Block = kind.make(numbers, **hyperparameters)
    if block.qubits != wires:
        raise InvalidInputError(
            "the wires are not those of the block's qubits",
            code="option.out-of-range",
            found=f"{wires} wires",
            wanted=f"{block.qubits} wires",
        )
    return block


class State(_Prepared):
    """Brings wires from zero into a state: :func:`qsac.synthesis.state` of amplitudes of shape (2^n,), on n ``wires``,
    the first the most significant, in the gates of ``target``."""

    ndim_params = (1,)
    make = staticmethod(synthesis.state)


class Rows(_Prepared):
    """Loads a table of states: :func:`qsac.synthesis.rows` of amplitudes of shape (T, 2^n); ``wires`` are those of the
    index, then those of the data, each the most significant first."""

    ndim_params = (2,)
    make = staticmethod(synthesis.rows)


def _resources(gates: tuple[tuple[str, int], ...]) -> dict[Any, int]:
    return {**{_OPERATORS[name]: count for name, count in gates}, qml.GlobalPhase: 1}


def _rule(kind: type[_Prepared]) -> Any:
    def block(numbers: Any, wires: Any, **hyperparameters: Any) -> None:
        kind.compute_decomposition(numbers, wires, **hyperparameters)

    return qml.register_resources(_resources)(block)


for _kind in (State, Rows):
    qml.add_decomps(_kind, _rule(_kind))


def _state_resources(num_wires: int) -> dict[Any, int]:
    """What blocks may have: the graph sees no amplitudes, so that these are no counts to compare."""
    return dict.fromkeys((qml.CZ, qml.SX, qml.RZ, qml.PauliX, qml.GlobalPhase), 1 << num_wires)


@qml.register_resources(_state_resources, exact=False)  # type: ignore[untyped-decorator]  # without type information
def state_rule(v: Any, wires: Any, **_: Any) -> None:
    """A rule for PennyLane's own preparations of states, to be handed to its graph of decompositions:
    ``qml.decompose(fixed_decomps={qml.StatePrep: state_rule})``.

    The block of CZ, SX, X and RZ. ``MottonenStatePreparation``, of CNOT, RY and RZ, where that takes fewer two-qubit
    gates, and for states that are batched, traced, to be differentiated or too large: the graph does not know of it, so
    that these gates stay where they are not among those asked for.
    """
    with qml.QueuingManager.stop_recording():
        host = qml.MottonenStatePreparation(v, wires)
        numbers = plain(v)
        offer = None if numbers is None else Terms.of(CZ_TARGET, 2).state(numbers)
        least = None if offer is None else host_gates(host)
    if offer is not None and (least is None or offer.block.two_qubit_gates <= least):
        offer.block.to_pennylane(wires)
    else:
        qml.apply(host)
