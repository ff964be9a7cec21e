"""The echoes of a feed-forward network: one circuit for each layer, input, neuron and order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.errors import DoesNotFitError
from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.outcomes import Outcomes
from qsac.families.program.echoes import NAME
from qsac.families.program.echoes import echo_program as echo_of
from qsac.families.program.feed_forward.readout import Echo, echoes, estimates_of, likelihood, told_of
from qsac.families.program.feed_forward.training import Pass, estimated, passes
from qsac.families.program.readouts import not_compiled
from qsac.families.program.walk import Walk
from qsac.files.pointer import join
from qsac.ir.program import Program

if TYPE_CHECKING:
    from qsac.families.program.feed_forward.network import Dense, FeedForward, Training
    from qsac.families.program.model import Model

Real = NDArray[np.float64]

VERSION = 1

MOST_CIRCUITS = 1 << 14
"""Most circuits of a training."""


def plan(model: Model, system: FeedForward) -> Plan:
    """Layer by layer the echoes, all of them one job, and the classical step that makes estimates of them. A later
    layer's come after those whose outcomes it loads. Raises :class:`~qsac.errors.InvalidInputError` for what is not
    compiled."""
    for pointer, found in system.refused.items():
        raise not_compiled(pointer, found, "the index separate")
    if system.training is not None:
        return _training_plan(model.name, system, system.training)
    steps: list[CircuitStep | ClassicalStep] = []
    before: tuple[str, ...] = ()
    for place, layer in enumerate(system.layers):
        check_neurons(layer, join("/program/layers", place))
        circuits = [
            CircuitStep(one.name, partial(echo_program, model.name, system, one), (NAME,), after=before)
            for one in echoes(system, place)
        ]
        before = tuple(step.name for step in circuits)
        step = ClassicalStep(
            f"likelihood-{place}", partial(likelihood, system, place), VERSION, before, (estimates_of(place),)
        )
        steps += [*circuits, step]
    return Plan(tuple(steps))


def _training_plan(name: str, system: FeedForward, training: Training) -> Plan:
    """Pass by pass of all steps, each layer one job."""
    number = system.estimated_products * len(system.orders)
    if number > MOST_CIRCUITS:
        raise DoesNotFitError(
            "training takes too many circuits",
            code="program.too-large",
            pointer="/program/train/steps",
            found=f"{number:,} circuits",
            wanted=f"at most {MOST_CIRCUITS:,}: one for each step, input, neuron and order, and as many backwards",
            help="qsac check --metrics says what comes out of it",
        )
    steps: list[CircuitStep | ClassicalStep] = []
    before: tuple[str, ...] = ()
    for one in passes(system, training, system.outcomes):
        if not isinstance(one, Pass):
            continue
        for place, layer in enumerate(one.network.layers):
            check_neurons(layer, join("/program/layers", one.first + place))
            circuits = [
                CircuitStep(circuit, partial(echo_program, name, one.network, own), (NAME,), after=before)
                for circuit, own in one.echoes(place)
            ]
            before = tuple(step.name for step in circuits)
            likely = partial(estimated, one, place)
            step = ClassicalStep(f"{one.prefix}likelihood-{place}", likely, VERSION, before, (one.estimates_of(place),))
            steps += [*circuits, step]
    return Plan(tuple(steps))


def check_neurons(layer: Dense, pointer: str) -> None:
    """Refuse neurons without a direction."""
    for neuron in np.flatnonzero(~layer.extended.any(axis=1)):
        raise not_compiled(
            join(pointer, "weights", int(neuron)),
            "weights and a bias of zero, which no state stands for",
            "a number other than 0",
        )


def fed(system: FeedForward, seen: Mapping[str, Outcomes]) -> FeedForward:
    """The network whose later layers load what the outcomes of the earlier ones are estimated to."""
    if system.training is not None:
        return replace(system, outcomes=dict(seen))
    measured, inputs = [], system.inputs
    for place, layer in enumerate(system.layers[:-1]):
        if not all(one.name in seen for one in echoes(system, place)):
            break
        found = likelihood(system, place, seen, {})[estimates_of(place)]
        inputs = told_of(layer, inputs, np.zeros_like(inputs), found)[0].output
        measured.append(inputs)
    return replace(system, measured=tuple(measured))


def echo_program(
    name: str, system: FeedForward, one: Echo, layers: str = "/program/layers", entering: str = "/program/inputs"
) -> Program:
    """The walk of an input and a neuron, so many uses of it as the order says, with reflections about zero between.
    ``layers`` and ``entering`` are the fields of the network and of its inputs."""
    layer = join(layers, one.layer)
    weights = extended(system.layers[one.layer].extended[one.neuron])
    inputs = extended(np.append(system.entering(one.layer)[one.input], 1.0))
    walk = Walk("data", (), "weights", "inputs", f"{layer}/weights", layer if one.layer else entering)
    return echo_of(name, walk, weights, inputs, one.order, "/program/estimate")


def extended(row: Real) -> Real:
    """(x/|x|, 1)/sqrt(2), padded with zeros to a power of two."""
    padded = np.zeros(1 << len(row).bit_length())
    padded[: len(row)] = row / np.linalg.norm(row)
    padded[len(row)] = 1.0
    return np.asarray(padded / np.sqrt(2), dtype=np.float64)
