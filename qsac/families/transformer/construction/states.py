"""The states of layers, one from those of the layer below (docs/transformer.md, "Layers").

A state is asked for at a position, or for every value of a register that holds one, under an affine map that other
registers choose. Its lengths say what it is scaled by. The states of level 0 are the tokens, loaded from tables; those
of level l come from loads and adjoint loads of states of level l - 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qsac.families.transformer.affine import Affine
from qsac.families.transformer.construction.composing import Composition, Names
from qsac.families.transformer.construction.feed_forward import fed
from qsac.families.transformer.construction.isometry import Isometry
from qsac.families.transformer.construction.known import attended_at
from qsac.families.transformer.construction.planned import At, Places, Planned, images, qubits, unit_rows
from qsac.families.transformer.model import Model
from qsac.files.numbers import Numbers


class States:
    """The states of a model's layers in one composition."""

    def __init__(self, model: Model, composition: Composition) -> None:
        self.model, self.composition = model, composition

    def state(self, level: int, at: At, maps: Sequence[Affine]) -> Planned:
        """The state of a level: ``maps`` are one for each class of ``at``."""
        if level == 0:
            return self._tokens(at, maps)
        if self.model.layers[level - 1].feed_forward is None:
            return self.attended(level, at, maps)
        return fed(self, level, at, maps)

    def attended(self, level: int, at: At, maps: Sequence[Affine]) -> Planned:
        """The state of a layer's attention, before its feed-forward."""
        if level == 1 and isinstance(at.position, int) and not at.cls:
            return attended_at(self.model, self.composition, at.position, maps[0])
        return Isometry(self, level, at, maps).planned()

    def grid(self, at: At, classes: int) -> tuple[Places, Places]:
        """The class and the position of each value of the index of ``at``."""
        return at.grid(classes, 0 if isinstance(at.position, int) else self.composition.width(at.position))

    def _tokens(self, at: At, maps: Sequence[Affine]) -> Planned:
        rows, lengths = unit_rows(self.rows(at, maps))
        return Planned(qubits(maps[0].rows), lengths, partial(self._load, at, rows))

    def rows(self, at: At, maps: Sequence[Affine]) -> Numbers:
        """The images of the tokens for each value of the index of ``at``."""
        classes, places = self.grid(at, len(maps))
        return images(maps, classes, self.model.inputs[places])

    def _load(self, at: At, rows: Numbers, out: Names, when: Names) -> None:
        self.composition.load(out, at.index, "tokens", rows, when=when, origin="/tokens")
