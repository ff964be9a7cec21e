"""Templates: the shape of a model compiled once, tokens and parameters filled in any number of times.

What is compiled are generic numbers of the model's shape. Every table of the program that comes out says how it is made
from the model's, and every block with numbers of the model which lowered blocks they are (its ``slots``). A binding
makes the tables, lowers them and emits the blocks with the new numbers: no pass runs, and whatever the numbers, the
gates are the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qsac.artifact.compiled import Compiled
from qsac.compiler.compilation import Compilation
from qsac.compiler.options import Options, Pipeline, asked_for
from qsac.compiler.stagewise import check_stages, with_culprit
from qsac.errors import CheckFailedError, InvalidInputError, present
from qsac.families.ansatz import Ansatz
from qsac.families.qsa.binding import with_numbers_of
from qsac.families.qsa.build import build
from qsac.families.qsa.model import Model
from qsac.families.reading import model_of
from qsac.families.tokens.sequence import normalised
from qsac.families.unitary import Identity, Matrix
from qsac.files.arguments import callback, file_path, flag
from qsac.files.numbers import Numbers
from qsac.files.writing import write_whole
from qsac.ir.attention import PhaseTable
from qsac.ir.attention.unitary import has_synthesis
from qsac.ir.blocks import Diagonal, Multiplexor, PauliRotation, UniformlyControlledGate, Unitary
from qsac.ir.op import Op
from qsac.ir.program import Program
from qsac.ir.table import Table
from qsac.layout.choice import Candidate
from qsac.lowering.allocation import allocate
from qsac.lowering.lower import lower
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET, Target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, Pass, PassContext, Preference
from qsac.pipeline.registry import default_pipeline, parse_pipeline, print_pipeline
from qsac.pipeline.stages import Stage, Watch, naming_extensions
from qsac.progress import Progress

if TYPE_CHECKING:
    from pytket import Circuit

    from qsac.machine.read import AnyTarget

_NUMBERS: dict[type[Op], tuple[str, ...]] = {
    Diagonal: ("phases",),
    Multiplexor: ("angles",),
    PauliRotation: ("angle",),
    UniformlyControlledGate: ("theta", "phi"),
    Unitary: ("matrix",),
}
"""The fields of each block that hold its numbers."""


@dataclass(frozen=True, eq=False)
class Template:
    """A compiled shape: T, the length of the tokens, whether they are real, mask, kernel, forms of V and W, phases.

    ``model`` is what the template was made from: a binding takes from it what it is not given. ``program`` is the final
    attention program and ``blocks`` the final block program, both of generic numbers. ``options`` are those of
    :func:`~qsac.compiler.compilation.compile`, with the pipeline as text; ``counts`` what each pass did.
    """

    model: Model
    target: Target
    options: Options
    program: Program
    blocks: Program
    counts: tuple[dict[str, Any], ...]

    def bind(
        self,
        tokens: ArrayLike | None = None,
        parameters: Mapping[str, Any] | None = None,
        *,
        verify: bool | None = None,
        verify_each: bool = False,
        after: Stage | None = None,
        progress: Progress | None = None,
    ) -> Compiled:
        """The compiled model of the template's shape with these tokens and parameters.

        ``tokens``: (T+1, d) rows, real or complex, or (T+1, d, 2) for [re, im] pairs; not normalised. ``parameters``
        may hold ``value`` and ``score``, angles of shape (layers, n, rotations) in radians or a unitary matrix,
        whichever the template has, and ``phases``, T numbers in radians or ``"optimal"``. What is left out is as in the
        template's model. Native circuits of all bindings have the same gates on the same qubits, except where the
        target needs routing: that is done anew for each.

        Raises :class:`~qsac.errors.InvalidInputError` for what does not have the template's shape;
        :class:`~qsac.errors.CheckFailedError` as :func:`~qsac.compiler.compilation.compile`, whose ``verify`` and
        ``verify_each`` it takes.
        """
        callback(after, "after")
        callback(progress, "progress")
        verify = None if verify is None else flag(verify, "verify")
        watch = Watch(after)
        with watch.stage("load"):
            model = self.bound_model(tokens, parameters)
        compilation, program, native = self._bound(model, watch, progress)
        if verify_each:
            with watch.stage("verify-each"):
                check_stages(model, self._stages(model), compilation.chosen, compilation.context)
        try:
            return compilation.finished(model, program, native, verify)
        except CheckFailedError as error:
            stages = self._stages(model)
            raise with_culprit(error, model, stages, compilation.chosen, compilation.context) from error

    def _bound(self, model: Model, watch: Watch, progress: Progress | None) -> tuple[Compilation, Program, Candidate]:
        """The compilation of a binding, its attention program and its circuit."""
        compilation = self._compilation(watch, progress)
        with naming_extensions(compilation.chosen):
            with watch.stage("bind"):
                program, blocks = self.filled(model)
            watch.show("bind", program)
            native = compilation.native(blocks, allocate(program, compilation.context))
        return compilation, program, native

    def _stages(self, model: Model) -> list[tuple[str, Program | NativeCircuit]]:
        """The stages of a binding with their results: of binding the blocks too."""
        stages: list[tuple[str, Program | NativeCircuit]] = []
        self._bound(model, Watch(lambda name, result: stages.append((name, result))), None)
        stages.insert(1, ("fill", self.filled(model)[1]))
        return stages

    def angles(
        self, tokens: ArrayLike | None = None, parameters: Mapping[str, Any] | None = None
    ) -> dict[int, tuple[NDArray[Any], ...]]:
        """The numbers of a binding alone: for the place of each op in ``blocks.ops`` that has numbers of the model,
        those numbers in the order of the op's fields; angles in radians."""
        _, blocks = self.filled(self.bound_model(tokens, parameters))
        return {
            place: tuple(_array(getattr(op, name)) for name in _NUMBERS[type(op)])
            for place, op in enumerate(blocks.ops)
            if op.slots
        }

    def bound_model(self, tokens: ArrayLike | None = None, parameters: Mapping[str, Any] | None = None) -> Model:
        """The template's model with other tokens and parameters, if they have its shape."""
        if parameters is None:
            parameters = {}
        if tokens is None and isinstance(parameters, Mapping) and not parameters:
            return self.model
        return with_numbers_of(self.model, tokens, parameters)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the template file, whole or not at all."""
        from qsac.templates.file import parts

        write_whole(file_path(path, "template file"), parts(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Template:
        """Read a template file. Raises :class:`~qsac.errors.InvalidInputError` for anything that is none."""
        from qsac.templates.file import read_file

        return read_file(file_path(path, "template file"))

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Names of the parameters that :meth:`to_tket` keeps: ``value_0_1_2`` is the angle of layer 0, qubit 1,
        rotation 2 of V, ``score_0_1_2`` one of W, ``phase_3`` the phase of position 3 (counted from 0)."""
        from qsac.templates.symbols import symbol_names

        return symbol_names(self.program)

    def to_tket(self, tokens: ArrayLike | None = None) -> Circuit:
        """The circuit of some tokens in pytket, with the parameters that no table holds as symbols, in radians.

        These are the phases and, in a template without folding, the angles of V and W. Their gates are written one by
        one, so that the circuit has more one-qubit gates than a binding, and as many two-qubit gates. Raises
        :class:`~qsac.errors.InvalidInputError` for a target that needs routing.
        """
        from qsac.templates.symbols import symbolic_circuit

        return symbolic_circuit(self, tokens)

    @cached_property
    def context(self) -> PassContext:
        """What lowering has to know of the target and the options."""
        return self._compilation(Watch(None), None).context

    def _compilation(self, watch: Watch, progress: Progress | None) -> Compilation:
        chosen = parse_pipeline(present(self.options.passes, "the pipeline of the template"))
        compilation = Compilation(self.target, self.options, watch, progress, chosen, template=True)
        compilation.counts.extend(self.counts)
        return compilation

    def filled(self, model: Model) -> tuple[Program, Program]:
        """The attention program and the blocks with the numbers of a model of the template's shape."""
        program = self.with_tables(build(model).tables, model.phases)
        return program, self.with_numbers(program)

    def with_tables(self, built: Mapping[str, Table], phases: NDArray[np.float64]) -> Program:
        """The attention program on tables made of those that a model's program was built with."""
        tables = {}
        for name, kept in self.program.tables.items():
            if kept.derivation is None and name not in built:
                raise RuntimeError(f"a pass made the table {name!r}, which does not say how")
            values = built[name].values if kept.derivation is None else kept.derivation.derived(built)
            tables[name] = Table(values, derivation=kept.derivation, complex=not kept.real, pattern=kept)
        ops = (replace(op, phases=Table(phases)) if isinstance(op, PhaseTable) else op for op in self.program.ops)
        return replace(self.program, tables=tables, ops=tuple(ops))

    def with_numbers(self, program: Program) -> Program:
        """The blocks with the numbers of an attention program of the template."""
        lowered = {op.slots[0]: op for op in lower(program, self.context, slots=True).ops if op.slots}
        return self.blocks.with_ops(_with_numbers(op, lowered) for op in self.blocks.ops)


def template(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    target: AnyTarget = DEFAULT_TARGET,
    *,
    optimisation: int | None = None,
    optimization_level: int | None = None,
    passes: Pipeline | None = None,
    seed: int = 0,
    qubits: int | None = None,
    prefer: Preference = "qubits",
    fold: bool = True,
    verify_each: bool = False,
    after: Stage | None = None,
    progress: Progress | None = None,
) -> Template:
    """Compile the shape of a model, for any tokens and parameters of that shape.

    Options as for :func:`~qsac.compiler.compilation.compile`. Passes that look at numbers or approximate have no place
    here: the level's pipeline is without them, and ``passes`` may not name them. ``fold=False`` leaves V and W out of
    the tables, as gates whose angles :meth:`Template.to_tket` keeps as symbols. ``verify_each`` as for
    :func:`~qsac.compiler.compilation.compile`, on the generic numbers that the shape is compiled with. Raises what
    :func:`~qsac.compiler.compilation.compile` raises.
    """
    callback(after, "after")
    callback(progress, "progress")
    source = model_of(model)
    stages: list[tuple[str, Program | NativeCircuit]] = []
    watch = Watch(_also(after, stages) if flag(verify_each, "verify_each") else after)
    options = asked_for(optimisation, optimization_level, passes, seed, 0.0, qubits, prefer)
    chosen = _pipeline(options.optimisation, options.passes, flag(fold, "fold"))
    compilation = Compilation(find_target(target), options, watch, progress, chosen, template=True)
    generic = _generic(source)
    with watch.stage("build"):
        built = build(generic)
    with naming_extensions(chosen):
        program = compilation.attention(built)
    if has_synthesis(program):
        raise InvalidInputError(
            "a matrix that is not folded into tables has no fixed gates, so that it cannot be part of a template",
            found="a value or score unitary of type matrix that the passes keep",
            wanted="the pass fold-unitaries, or a unitary of type hardware-efficient",
            help="leave out fold=False (--no-fold), and compile at -O2",
        )
    with naming_extensions(chosen):
        blocks = compilation.blocks(program)
    if verify_each:
        with watch.stage("verify-each"):
            check_stages(generic, stages, chosen, compilation.context)
    made = Template(
        source,
        compilation.context.target,
        replace(options, passes=print_pipeline(chosen)),
        program,
        blocks,
        tuple(compilation.counts),
    )
    made.filled(source)
    return made


def _also(after: Stage | None, stages: list[tuple[str, Program | NativeCircuit]]) -> Stage:
    """What keeps each stage's result, and hands it on."""

    def keep(name: str, result: Program | NativeCircuit) -> None:
        stages.append((name, result))
        if after is not None:
            after(name, result)

    return keep


def _pipeline(optimisation: int, passes: str | None, fold: bool) -> list[Pass | CircuitPass]:
    """The passes of a template: those of the level, or those named, that leave numbers alone."""
    if passes is not None:
        named = list(parse_pipeline(passes))
        unfit = [step.name for step in named if isinstance(step, Pass) and not step.templates]
        if unfit:
            raise InvalidInputError(
                f"the pass {unfit[0]} cannot be part of a template",
                found=passes,
                wanted="passes that depend on the shape of a model alone",
                help=f"leave {unfit[0]} out: what it does depends on the numbers",
            )
        return named
    chosen = [step for step in default_pipeline(optimisation) if isinstance(step, Pass) and step.templates]
    if fold:
        return list(chosen)
    kept = print_pipeline([step for step in chosen if step.name != "fold-unitaries"])
    return list(parse_pipeline(kept.replace("select-indices", "select-indices{fold=false}")))


def _generic(model: Model) -> Model:
    """A model of the same shape with random numbers, so that nothing about it is special but its shape."""
    rng = np.random.default_rng(2602)
    given = _random(rng, model.given_tokens.shape, complex=np.iscomplexobj(model.given_tokens))
    phases = None if model.given_phases is None else rng.uniform(0.5, 2.5, model.context)
    return replace(
        model,
        tokens=normalised(given, model.dimension),
        given_tokens=given,
        given_phases=phases,
        value=_generic_unitary(model, "value", rng),
        score=_generic_unitary(model, "score", rng),
    )


def _generic_unitary(model: Model, name: str, rng: np.random.Generator) -> Identity | Ansatz | Matrix:
    unitary: Identity | Ansatz | Matrix = getattr(model, name)
    if isinstance(unitary, Identity):
        return unitary
    if isinstance(unitary, Ansatz):
        return replace(unitary, parameters=rng.uniform(0.5, 2.5, unitary.parameters.shape))
    size = len(model.fields["attention"][name]["entries"])
    turned, _ = np.linalg.qr(_random(rng, (size, size), complex=not unitary.is_real))
    entries = np.eye(model.dimension, dtype=turned.dtype)
    entries[:size, :size] = turned
    return Matrix(cast(Numbers, entries))


def _random(rng: np.random.Generator, shape: tuple[int, ...], *, complex: bool) -> Numbers:
    values: Numbers = rng.normal(size=shape)
    return values + 1j * rng.normal(size=shape) if complex else values


def _with_numbers(op: Op, lowered: Mapping[int, Op]) -> Op:
    """A block of a template with the numbers of the lowered blocks that it stands for."""
    if not op.slots:
        return op
    sources = [lowered.get(slot) for slot in op.slots]
    first = sources[0]
    if len(sources) > 1 and isinstance(first, Diagonal):
        for source in sources[1:]:
            if not isinstance(source, Diagonal):
                raise InvalidInputError("the template is damaged", found=f"a block {op.name} of numbers {op.slots}")
            first = first.joined(source)
    placed = not isinstance(op, Diagonal) or (isinstance(first, Diagonal) and first.qubits == op.qubits)
    if first is None or type(first) is not type(op) or not placed:
        raise InvalidInputError("the template is damaged", found=f"a block {op.name} of numbers {op.slots}")
    numbers = {name: getattr(first, name) for name in _NUMBERS[type(op)]}
    if any(_array(value).shape != _array(getattr(op, name)).shape for name, value in numbers.items()):
        raise InvalidInputError("the template is damaged", found=f"a block {op.name} of another size")
    return replace(op, **numbers)


def _array(value: Table | float) -> NDArray[Any]:
    return value.values if isinstance(value, Table) else np.asarray(value)
