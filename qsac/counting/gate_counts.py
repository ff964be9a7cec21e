"""How many gates are written, and how deep they are: what counts them instead of keeping them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from qsac.counting.clock import LAYERS, STEPS, Clock, Toggles
from qsac.native.columns import Sink
from qsac.native.provenance import Mask


def toggles(rows: int, controls: int) -> Toggles:
    """What :func:`~qsac.ir.blocks.multiplexor.ladder_places` lists, in all rows - 1 places."""
    needed = (rows - 1).bit_length()
    offset = controls - needed
    if rows == 1 << needed:
        # The control of stride 2^s stands at the odd multiples of it, counted from one.
        return Toggles(
            rows - 1,
            {
                offset + needed - 1 - stride: ((1 << stride) - 1, rows - (1 << stride) - 1, 1 << (needed - 1 - stride))
                for stride in range(needed)
            },
        )
    half = 1 << (needed - 1)
    return toggles(rows - half, controls).then(one_toggle(offset)).then(toggles(half, controls))


def one_toggle(control: int) -> Toggles:
    """One gate with a control."""
    return Toggles(1, {control: (0, 0, 1)})


_ENTANGLERS = ("ZZPhase", "CZ")


class GateCounts(Sink):
    """How many gates were written, and how deep they are, on ``qubits`` qubits; no gate is kept.

    ``angles`` counts two-qubit gates by the modulus of their angle in half-turns, those with a number that was drawn
    left out: these are ``unknown``. ``idle`` and the depths are as in :class:`qsac.counting.stats.Layers`, ``length``
    is the circuit's in seconds, if gates last as long as ``lasts`` says.
    """

    def __init__(self, qubits: int, lasts: Mapping[str, float] | None = None) -> None:
        self.qubits = qubits
        self.counts: Counter[str] = Counter()
        self.angles: Counter[float] = Counter()
        self.unknown = 0
        self.drawn = False
        self._steps = Clock(qubits, STEPS)
        self._layers = Clock(qubits, LAYERS)
        self._seconds = Clock(qubits, lasts or {})

    def __len__(self) -> int:
        return self.counts.total()

    def of(self, ops: Mask) -> None:
        """Nothing: gates are counted, whatever they are of."""

    def count(self, *names: str) -> int:
        """How many gates of the given names there are."""
        return sum(self.counts[name] for name in names)

    @property
    def two_qubit_gates(self) -> int:
        """As those of :class:`~qsac.native.circuit.NativeCircuit`."""
        return self.count(*_ENTANGLERS)

    @property
    def one_qubit_gates(self) -> int:
        """As those of :class:`~qsac.native.circuit.NativeCircuit`."""
        return self.count("PhasedX", "SX", "X")

    @property
    def depth(self) -> int:
        return int(self._steps.end)

    @property
    def two_qubit_depth(self) -> int:
        return int(self._layers.end)

    @property
    def idle(self) -> int:
        return int(self._layers.idle)

    @property
    def length(self) -> float:
        return self._seconds.end

    def append(
        self, name: str, first: int, second: int = -1, angle: float = 0.0, phase: float = 0.0, open: int = 0
    ) -> None:
        if name in _ENTANGLERS:
            self.ladder(first, [second], one_toggle(0), name, (), None if self.drawn else abs(angle))
            return
        self.counts[name] += 1
        for clock in (self._steps, self._layers, self._seconds):
            clock.gate(first, name)

    def ladder(
        self,
        target: int,
        controls: Sequence[int],
        taken: Toggles,
        entangler: str,
        between: Sequence[str],
        angle: float | None,
    ) -> None:
        """Count the entangling gates of a target with its controls, all of one angle (None: one that is not known), and
        the gates ``between`` each two of them."""
        self.counts[entangler] += taken.length
        for name in between:
            self.counts[name] += taken.length - 1
        if angle is None:
            self.unknown += taken.length
        else:
            self.angles[angle] += taken.length
        for clock in (self._steps, self._layers, self._seconds):
            clock.ladder(target, controls, taken, entangler, between)
