"""Templates: the shape of a model compiled once, tokens and parameters filled in any number of times.

What is compiled are generic numbers of the model's shape. Every table of the program that comes out says how it is made
from the model's, and every block with numbers of the model which lowered blocks they are (its ``slots``). A binding
makes the tables, lowers them and emits the blocks with the new numbers: no pass runs, and whatever the numbers, the
gates are the same.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from qsac.arguments import callback, file_path, flag, shown
from qsac.artifact.compiled import Compiled
from qsac.compiler.circuit_compilation import Compilation, CompiledCircuit
from qsac.compiler.filling import NUMBERS, array_of
from qsac.compiler.fit import check_circuits
from qsac.compiler.options import Options, Pipeline, asked_for
from qsac.compiler.stagewise import Wanted, check_stages, with_culprit
from qsac.errors import CheckFailedError, InvalidInputError, printable
from qsac.families.contract import CircuitStep, Model
from qsac.families.outcomes import Outcomes
from qsac.families.reading import model_of, naming_source
from qsac.families.registry import family_of
from qsac.files.pointer import listed
from qsac.files.writing import write_whole
from qsac.ir.attention import PhaseTable
from qsac.ir.attention.unitary import has_synthesis
from qsac.ir.program import Program
from qsac.machine.read import find_target
from qsac.machine.target import DEFAULT_TARGET, Target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, Pass, PassContext, Preference
from qsac.pipeline.registry import default_pipeline, parse_pipeline, print_pipeline
from qsac.pipeline.stages import Stage, Watch, naming_extensions
from qsac.progress import Progress
from qsac.showing import Shown
from qsac.templates.circuits import Circuits
from qsac.templates.shape import Shape, check_derivations

if TYPE_CHECKING:
    from pytket import Circuit

    from qsac.machine.read import AnyTarget


@dataclass(frozen=True, eq=False, repr=False)
class Template(Shown):
    """A compiled shape: of quantum attention T, the length of the tokens, whether they are real, mask, kernel, forms of
    V and W, phases.

    ``model`` is what the template was made from: a binding takes from it what it is not given. ``shapes`` are the
    compiled shapes of its circuits. ``options`` are those of :func:`~qsac.compiler.compilation.compile`, with the
    pipeline as text.
    """

    model: Model
    target: Target
    options: Options
    shapes: tuple[Shape, ...]

    def __repr__(self) -> str:
        """In one line: the model it was made from, target, circuits, and what a binding may be given."""
        names = ", ".join(("tokens", *self.parameters))
        number = len(self.shapes)
        many = f"{number} circuits, " if number > 1 else ""
        return printable(f"<Template {self.model.name!r} for {self.target.name}: {many}binds {names}>")

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

        ``tokens``: (T+1, d) rows, real or complex, or (T+1, d, 2) for [re, im] pairs; not normalised. Where they are
        words of a text: another one of as many words, a list of words, or their numbers. ``parameters`` may hold
        ``value`` and ``score``, angles of shape (layers, n, rotations) in radians or a unitary matrix, whichever the
        template has, ``phases``, T numbers in radians or ``"optimal"``, and of a text its ``embedding``. What is left
        out is as in the template's model. Native circuits of all bindings have the same gates on the same qubits,
        except where the target needs routing: that is done anew for each.

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
        return self._compiled(model, watch, verify, verify_each, progress)

    def made(self, model: Model, *, verify: bool | None = None, progress: Progress | None = None) -> Compiled:
        """The compiled model of the template's shape: one whose circuits load other numbers than its own, too. Raises
        as :meth:`bind`."""
        return self._compiled(model, Watch(None), verify, False, progress)

    def _compiled(
        self, model: Model, watch: Watch, verify: bool | None, verify_each: bool, progress: Progress | None
    ) -> Compiled:
        made = [self._bound(place, model, watch, progress) for place in range(len(self.shapes))]
        if verify_each:
            with watch.stage("verify-each"):
                for place, (compilation, _) in enumerate(made):
                    stages = self._stages(place, model)
                    check_stages(self._wanted(place, model), stages, compilation.chosen, compilation.context)
        compilation = made[0][0]
        try:
            return compilation.finished(model, [circuit for _, circuit in made], verify)
        except CheckFailedError as error:
            found = [
                with_culprit(error, self._wanted(place, model), self._stages(place, model), one.chosen, one.context)
                for place, (one, _) in enumerate(made)
            ]
            raise next((one for one in found if one.title != error.title), found[0]) from error

    def _bound(
        self, place: int, model: Model, watch: Watch, progress: Progress | None
    ) -> tuple[Compilation, CompiledCircuit]:
        """The compilation of a circuit of a binding, and the circuit."""
        compilation = self.circuits.compilation(place, watch, progress)
        with naming_extensions(compilation.chosen):
            with watch.stage("bind"):
                program, blocks = self._filled(place, model)
            watch.show("bind", program)
            shape = self.shapes[place]
            native = compilation.native(blocks, shape.allocation(compilation.context), emission=shape.emission)
        name = family_of(model).plan(model).circuits[place].name
        return compilation, compilation.circuit_statistics(
            name, program, native, counted=self.shapes[place].counted.stats
        )

    def _stages(self, place: int, model: Model) -> list[tuple[str, Program | NativeCircuit]]:
        """The stages of a binding with their results: of binding the blocks too."""
        stages: list[tuple[str, Program | NativeCircuit]] = []
        self._bound(place, model, Watch(lambda name, result: stages.append((name, result))), None)
        stages.insert(1, ("fill", self._filled(place, model)[1]))
        return stages

    def _wanted(self, place: int, model: Model) -> Wanted:
        return lambda: list(model.expected.values())[place]

    def angles(
        self, tokens: ArrayLike | None = None, parameters: Mapping[str, Any] | None = None
    ) -> dict[int, tuple[NDArray[Any], ...]]:
        """The numbers of a binding alone: for the place of each op in ``blocks.ops`` that has numbers of the model,
        those numbers in the order of the op's fields; angles in radians. Of several circuits the first one's."""
        _, blocks = self.filled(self.bound_model(tokens, parameters))
        return {
            place: tuple(array_of(getattr(op, name)) for name in NUMBERS[type(op)])
            for place, op in enumerate(blocks.ops)
            if op.slots
        }

    def bound_model(self, tokens: ArrayLike | None = None, parameters: Mapping[str, Any] | None = None) -> Model:
        """The template's model with other tokens and parameters, if they have its shape."""
        values = {} if parameters is None else parameters
        if not isinstance(values, Mapping):
            raise InvalidInputError(
                "the parameters must be a dictionary",
                code="option.wrong-type",
                pointer="/parameters",
                found=shown(values),
                wanted=f"a dictionary of {listed(self.parameters)}, or some of them",
            )
        if tokens is not None:
            values = {"tokens": tokens, **values}
        if not values:
            return self.model
        try:
            return family_of(self.model).bound(self.model, values)
        except InvalidInputError as error:
            error.source = "<binding>"
            raise

    @property
    def parameters(self) -> tuple[str, ...]:
        """What a binding may be given beside the tokens."""
        return tuple(name for name in family_of(self.model).parameters(self.model) if name != "tokens")

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

    @property
    def program(self) -> Program:
        """The final attention program, of generic numbers; of several circuits the first one's."""
        return self.shapes[0].program

    @property
    def blocks(self) -> Program:
        """The final block program, of generic numbers; of several circuits the first one's."""
        return self.shapes[0].blocks

    @cached_property
    def circuits(self) -> Circuits:
        """Its circuits of any numbers."""
        return Circuits(self.target, self.options, self.shapes)

    @property
    def context(self) -> PassContext:
        """What lowering has to know of the target and the options."""
        return self.circuits.context

    def filled(self, model: Model) -> tuple[Program, Program]:
        """The attention program and the blocks with the numbers of a model of the template's shape; of several circuits
        the first one's."""
        return self._filled(0, model)

    def _filled(self, place: int, model: Model) -> tuple[Program, Program]:
        built = family_of(model).plan(model).circuits[place].program
        return self.shapes[place].filled(built, self.context)

    def programs(self, model: Model) -> list[Program]:
        """The attention programs of all circuits, on tables of the numbers of a model of the template's shape."""
        plan = family_of(model).plan(model)
        return [shape.with_tables(step.program) for shape, step in zip(self.shapes, plan.circuits, strict=True)]

    def check(self) -> None:
        """Fill every circuit with the template's own numbers."""
        for place in range(len(self.shapes)):
            self._filled(place, self.model)


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
    options = asked_for(optimisation, optimization_level, passes, seed, 0.0, qubits, prefer)
    chosen = _pipeline(options.optimisation, options.passes, flag(fold, "fold"))
    machine, verify_each = find_target(target), flag(verify_each, "verify_each")
    with naming_source(source):
        generic, steps = _generic(source)
    expected = None if not verify_each else list(generic.expected.values())
    shapes: list[Shape] = []
    alike: dict[Hashable, Shape] = {}
    for place, step in enumerate(steps):
        key = _structure(step.program)
        if key in alike and expected is None:
            shapes.append(alike[key])
            continue
        stages: list[tuple[str, Program | NativeCircuit]] = []
        watch = Watch(after if expected is None else _also(after, stages))
        compilation = Compilation(machine, options, watch, progress, chosen, template=True)
        shapes.append(alike.setdefault(key, _shape(compilation, step)))
        if expected is not None:
            with watch.stage("verify-each"):
                wanted = expected[place]
                check_stages(partial(_given, wanted), stages, chosen, compilation.context)
    made = Template(source, machine, replace(options, passes=print_pipeline(chosen)), tuple(shapes))
    made.check()
    return made


def _generic(source: Model) -> tuple[Model, tuple[CircuitStep, ...]]:
    """A model of the same circuits with generic numbers, and these circuits; the model itself where it has others."""
    drawn = family_of(source).drawn(source)
    check_circuits(source)
    plans = [family_of(one).plan(one).circuits for one in (source, drawn)]
    check_circuits(source, len(plans[0]))
    same = len(plans[0]) == len(plans[1]) and all(
        [op for op in one.program.ops if not isinstance(op, PhaseTable)]
        == [op for op in other.program.ops if not isinstance(op, PhaseTable)]
        for one, other in zip(*plans, strict=True)
    )
    return (drawn, plans[1]) if same else (source, plans[0])


def _structure(program: Program) -> Hashable:
    """What programs of one structure have in common, whatever the numbers of their tables: they have one shape."""
    tables = tuple((name, table.shape, table.real) for name, table in sorted(program.tables.items()))
    return program.registers, program.ops, program.readouts, tables


def _shape(compilation: Compilation, step: CircuitStep) -> Shape:
    """The shape of one circuit, its program of generic numbers."""
    with compilation.watch.stage("build"):
        built = step.program
    with naming_extensions(compilation.chosen):
        program = compilation.attention(built)
    check_derivations(program, built)
    if has_synthesis(program):
        raise InvalidInputError(
            "a matrix that is not folded into tables has no fixed gates, so that it cannot be part of a template",
            code="template.unfolded-matrix",
            found="a unitary of type matrix on two qubits or more that the passes keep",
            wanted="the pass fold-unitaries, a unitary of type hardware-efficient, or a model without such a matrix",
            help="compile each model by itself: here nothing is loaded that the matrix could be folded into"
            if any(one.name == "fold-unitaries" for one in compilation.chosen)
            else "leave out fold=False (--no-fold), and compile at -O2",
        )
    with naming_extensions(compilation.chosen):
        blocks = compilation.blocks(program)
    # What the passes made of lambda: of a model with other numbers it is another one to begin with.
    scaled = replace(program, subnormalisation=program.subnormalisation / built.subnormalisation)
    return Shape(scaled, blocks, tuple(compilation.counts))


def _given(wanted: Outcomes) -> Outcomes:
    return wanted


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
        named = list(parse_pipeline(passes, lambda: _pipeline(optimisation, None, fold)))
        unfit = [step.name for step in named if isinstance(step, Pass) and not step.templates]
        if unfit:
            raise InvalidInputError(
                f"the pass {unfit[0]} cannot be part of a template",
                code="template.unsuitable-pass",
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
