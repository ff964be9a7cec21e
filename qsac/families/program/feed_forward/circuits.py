"""The echoes of a feed-forward network: one circuit for each input, neuron and order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.program.feed_forward.readout import ESTIMATES, NAME, circuit_names, likelihood
from qsac.families.program.readouts import not_compiled
from qsac.families.program.walk import REFLECTION, Walk
from qsac.files.pointer import join
from qsac.ir.attention import PhaseState, Project
from qsac.ir.op import Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.table import Table

if TYPE_CHECKING:
    from qsac.families.program.feed_forward.network import FeedForward
    from qsac.families.program.model import Model

Real = NDArray[np.float64]

VERSION = 1


def plan(model: Model, system: FeedForward) -> Plan:
    """The echoes, all of them one job, and the classical step that makes estimates of them. Raises
    :class:`~qsac.errors.InvalidInputError` for what is not compiled."""
    for pointer, found in system.refused.items():
        raise not_compiled(pointer, found, "the index separate, and no training")
    if len(system.layers) > 1:
        raise not_compiled(
            "/program/layers",
            f"{len(system.layers)} layers, of which each later one loads what the one before has estimated",
            "one layer",
            "compile each layer by itself, with the outputs of the one before for its inputs",
        )
    for neuron in np.flatnonzero(~system.layers[0].extended.any(axis=1)):
        place = join("/program/layers/0/weights", int(neuron))
        raise not_compiled(place, "weights and a bias of zero, which no state stands for", "a number other than 0")
    circuits = [
        CircuitStep(name, partial(echo_program, model.name, system, one, neuron, order), (NAME,))
        for name, one, neuron, order in circuit_names(system)
    ]
    names = tuple(step.name for step in circuits)
    step = ClassicalStep("likelihood", partial(likelihood, system), VERSION, names, (ESTIMATES,))
    return Plan((*circuits, step))


def echo_program(name: str, system: FeedForward, one: int, neuron: int, order: int) -> Program:
    """The walk of an input and a neuron, ``order`` uses of it with reflections about zero between."""
    rows = {
        "weights": extended(system.layers[0].extended[neuron]),
        "inputs": extended(np.append(system.inputs[one], 1.0)),
    }
    size = len(rows["weights"]).bit_length() - 1
    walk = Walk("data", (), "weights", "inputs", "/program/layers/0/weights", "/program/inputs")
    ops: list[Op] = []
    for use in range(order):
        if use:
            ops.append(PhaseState(("data",), REFLECTION, origin="/program/estimate/orders"))
        ops += walk.use(adjoint=use % 2 == 1)
    ops.append(Project(("data",), origin="/program/estimate"))
    return Program(
        name=name,
        level="attention",
        registers=(Register("data", size),),
        tables={key: Table(row[None]) for key, row in rows.items()},
        ops=tuple(ops),
        readouts=(Readout(NAME, (), ("data",)),),
    )


def extended(row: Real) -> Real:
    """(x/|x|, 1)/sqrt(2), padded with zeros to a power of two."""
    padded = np.zeros(1 << len(row).bit_length())
    padded[: len(row)] = row / np.linalg.norm(row)
    padded[len(row)] = 1.0
    return np.asarray(padded / np.sqrt(2), dtype=np.float64)
