"""The circuits of layers with tomography: for each layer and row one in the computational basis, and one with a
Hadamard gate on each qubit of the state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import copysign, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qsac.families.contract import CircuitStep, ClassicalStep, Plan
from qsac.families.outcomes import Outcomes
from qsac.families.program.echoes import NAME as ECHO
from qsac.families.program.feed_forward.circuits import check_neurons, echo_program
from qsac.families.program.layers.networks import network_echoes, network_estimates_of, network_likelihood
from qsac.families.program.layers.readout import NAME, Setting, rows_of, settings, states_of, tomography
from qsac.families.program.layers.stack import Layer, network_on
from qsac.families.program.layers.stack import fed as fed_rows
from qsac.families.program.readouts import not_compiled
from qsac.files.pointer import join
from qsac.ir.attention import ApplyUnitary, LoadTokens, PrepareDegree, PrepareIndex, Project
from qsac.ir.op import Data, Op, Register
from qsac.ir.program import Program, Readout
from qsac.ir.save_probabilities import SaveProbabilities
from qsac.ir.table import Table

if TYPE_CHECKING:
    from qsac.families.program.layers.stack import Layers
    from qsac.families.program.model import Model

Real = NDArray[np.float64]
Names = tuple[str, ...]

VERSION = 1

HADAMARD = np.array([[1.0, 1.0], [1.0, -1.0]]) / sqrt(2)


def plan(model: Model, system: Layers) -> Plan:
    """Layer by layer all rows and settings, one job, and the classical step that reads the states; then the echoes of
    its network, where that is estimated. A later layer's come after those whose outcomes it loads. Raises
    :class:`~qsac.errors.InvalidInputError` for what is not compiled."""
    for pointer, found in system.refused.items():
        raise not_compiled(pointer, found, "separate rows")
    steps: list[CircuitStep | ClassicalStep] = []
    before: Names = ()
    for place, layer in enumerate(system.layers):
        _check_signs(system, place)
        circuits = [_setting_step(model.name, system, one, before) for one in settings(system, place)]
        before = tuple(step.name for step in circuits)
        options = {"normaliser": "row-sums" if layer.by_row_sums else "none"}
        step = ClassicalStep(
            f"tomography-{place}", partial(tomography, system, place), VERSION, before, (states_of(place),), options
        )
        steps += [*circuits, step]
        for dense in range(len(layer.feed_forward) if system.estimates else 0):
            echoed = _network_steps(model.name, system, place, dense, before)
            before = tuple(one.name for one in echoed if isinstance(one, CircuitStep))
            steps += echoed
    return Plan(tuple(steps))


def _setting_step(name: str, system: Layers, one: Setting, before: Names) -> CircuitStep:
    """A setting's circuit: one with a reference comes after the one that says the reference."""
    qubits = system.state_qubits
    if one.reference:
        qubits, before = qubits + 1, (f"layer-{one.layer}-row-{one.row}",)
    return CircuitStep(one.name, partial(row_program, name, system, one), (NAME,), qubits, after=before)


def _network_steps(
    name: str, system: Layers, place: int, dense: int, before: Names
) -> list[CircuitStep | ClassicalStep]:
    """The echoes of one layer of a layer's network, and the step that makes estimates of them."""
    pointer = join("/program/layers", place, "feed_forward")
    check_neurons(system.layers[place].feed_forward[dense], join(pointer, dense))
    network, attention = system.network(place), join("/program/layers", place, "attention")
    circuits = [
        CircuitStep(one.name, partial(echo_program, name, network, one.echo, pointer, attention), (ECHO,), after=before)
        for one in network_echoes(system, place, dense)
    ]
    inputs = tuple(step.name for step in circuits)
    step = ClassicalStep(
        f"network-{place}-likelihood-{dense}",
        partial(network_likelihood, system, place, dense),
        VERSION,
        inputs,
        (network_estimates_of(place, dense),),
    )
    return [*circuits, step]


def fed(system: Layers, seen: Mapping[str, Outcomes]) -> Layers:
    """The layers whose later circuits load what the outcomes of the earlier ones are read as."""
    found = replace(system, measured=(), references={}, networks={})
    for place in range(len(system.layers)):
        found = replace(found, references={**found.references, **_references(found, place, seen)})
        if not all(one.name in seen for one in settings(system, place)):
            break
        states = tomography(found, place, seen, {})[states_of(place)]
        rows, known = found.entering(place), dict(seen)
        if system.estimates_network(place):
            after = fed_rows(system.layers[place], rows, np.array(states["attention"])).after_residual
            own = {one.echo.name: seen[one.name] for one in network_echoes(found, place) if one.name in seen}
            network = network_on(system, place, after).fed(own)
            found = replace(found, networks={**found.networks, place: network})
            if not all(one.name in seen for one in network_echoes(found, place)):
                break
            for dense in range(len(network.layers)):
                known |= network_likelihood(found, place, dense, seen, {})
        if place + 1 < len(system.layers):
            made = rows_of(found, place, rows, states, known)
            found = replace(found, measured=(*found.measured, made.output))
    return found


def _references(system: Layers, place: int, seen: Mapping[str, Outcomes]) -> dict[tuple[int, int], Real]:
    """The magnitudes of a layer's rows, of outcomes in the computational basis."""
    found = {}
    for one in settings(system, place):
        index = seen[one.name].index if system.by_reference and not one.reference and one.name in seen else None
        if index is not None and index.marginal.sum() > 0:
            found[place, one.row] = np.sqrt(index.marginal / index.marginal.sum())
    return found


def row_program(name: str, system: Layers, one: Setting) -> Program:
    """Attention of one row (Construction, section 1, with a fixed query), its value table with one more column. With a
    reference, a branch qubit loads that in place of every value, and is turned by a Hadamard gate."""
    layer, rows = system.layers[one.layer], system.entering(one.layer)
    origin = join("/program/layers", one.layer, "attention")
    keys = system.seen(layer, one.row)
    directions = _padded(rows / np.linalg.norm(rows, axis=1, keepdims=True), len(layer.score))
    values = value_rows(layer, directions[:keys], rows.shape[1])
    if one.reference:
        reference = np.broadcast_to(system.reference(one.layer, one.row), values.shape)
        values = np.stack((reference, values), axis=1).reshape(-1, values.shape[1])
    tables = {
        "keys": Table(directions[:keys]),
        # s = <u_j|W|u_i>: the query is W^dag u_j.
        "query": Table(directions[one.row : one.row + 1] @ layer.score),
        "values": Table(values),
    }
    key: Names = ("key",) if keys > 1 else ()
    branch: Names = ("branch",) if one.reference else ()
    kernel = _Kernel(layer.kernel, origin)
    value = tuple(f"value[{place}]" for place in range(system.state_qubits))
    data: Data = value if len(value) > 1 else value[0]
    ops: list[Op] = [PrepareIndex("key", keys, origin=f"{origin}/mask")] if key else []
    ops += [PrepareIndex("branch", 2, origin="/program/tomography")] if branch else []
    ops += kernel.scores(key)
    ops.append(LoadTokens(data, (*key, *branch), "values", origin=f"{origin}/value"))
    ops += kernel.ended()
    if key:
        ops.append(Project(key, "uniform", keys, origin=f"{origin}/mask"))
    turned = value[one.qubit] if one.qubit is not None else "branch" if branch else None
    if turned is not None:
        tables["hadamard"] = Table(HADAMARD)
        ops.append(ApplyUnitary(turned, "matrix", "hadamard", origin="/program/tomography"))
    index = (*branch, *value)
    for quantity in ("weights", "overlaps"):
        ops.append(SaveProbabilities(index, quantity, origin="/program/tomography"))
    ops.append(Project(index, origin="/program/tomography"))
    sizes = dict.fromkeys(key, (keys - 1).bit_length()) | dict.fromkeys(
        kernel.copies, len(layer.score).bit_length() - 1
    )
    sizes |= dict.fromkeys((*kernel.degrees, *branch, *value), 1)
    named = {table for op in ops for table in op.tables}
    return Program(
        name=name,
        level="attention",
        registers=tuple(Register(register, size) for register, size in sizes.items()),
        tables={table: found for table, found in tables.items() if table in named},
        ops=tuple(ops),
        readouts=(Readout(NAME, (*kernel.copies, *kernel.degrees, *key), (), index),),
    )


def value_rows(layer: Layer, directions: Real, dimension: int) -> Real:
    """(V u_i, 1)/sqrt(2), padded with zeros to a power of two."""
    values = (directions @ layer.value.T)[:, :dimension]
    return _padded(np.column_stack((values, np.ones(len(values)))) / np.sqrt(2), 1 << dimension.bit_length())


class _Kernel:
    """The score copies of a kernel, and the degree registers that one of several terms takes."""

    def __init__(self, kernel: tuple[float, ...], origin: str) -> None:
        self._origin = origin
        degree = len(kernel) - 1
        several = sum(1 for coefficient in kernel if coefficient) > 1
        lam = sum(map(abs, kernel))
        self._amplitudes = tuple(copysign(sqrt(abs(c) / lam), c) for c in kernel)
        self.copies = tuple(f"score[{copy}]" for copy in range(degree))
        self.degrees = tuple(f"degree[{copy}]" for copy in range(degree)) if several else ()

    def scores(self, key: Names) -> list[Op]:
        """Multiply by g(s) / lambda: each copy loaded by the keys, uncomputed by the query, projected."""
        place = f"{self._origin}/kernel"
        ops: list[Op] = [PrepareDegree(self.degrees, self._amplitudes, origin=place)] if self.degrees else []
        for number, register in enumerate(self.copies):
            when = self.degrees[number : number + 1]
            ops += [
                LoadTokens(register, key, "keys", when=when, origin="/tokens"),
                LoadTokens(register, (), "query", inverse=True, when=when, origin="/tokens"),
                Project((register,), origin=place),
            ]
        return ops

    def ended(self) -> list[Op]:
        """The end of the degree registers."""
        if not self.degrees:
            return []
        magnitudes = tuple(map(abs, self._amplitudes))
        return [Project(self.degrees, "unary", amplitudes=magnitudes, origin=f"{self._origin}/kernel")]


def _check_signs(system: Layers, place: int) -> None:
    """The last column has to be positive where nothing else says the sign of a state."""
    layer = system.layers[place]
    if not layer.by_row_sums and not (system.attention(place).states[:, -1] > 0).all():
        pointer = join("/program/layers", place, "attention", "normaliser")
        raise not_compiled(
            pointer, "a row whose kernel sums to less than zero", "row-sums, or a kernel that is positive"
        )


def _padded(rows: Real, width: int) -> Real:
    found = np.zeros((len(rows), width))
    found[:, : rows.shape[1]] = rows
    return found
