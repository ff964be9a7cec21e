"""The native circuits of compiled shapes, for whatever numbers: what a template is without a model."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from qsac.compiler.circuit_compilation import Compilation
from qsac.compiler.options import Options
from qsac.errors import present
from qsac.ir.program import Program
from qsac.machine.target import Target
from qsac.native.circuit import NativeCircuit
from qsac.pipeline.contract import CircuitPass, Pass, PassContext
from qsac.pipeline.registry import parse_pipeline
from qsac.pipeline.stages import Watch
from qsac.progress import Progress
from qsac.templates.shape import Shape


@dataclass(frozen=True, eq=False)
class Circuits:
    """``shapes`` are compiled for ``target``; ``options`` are those of
    :func:`~qsac.compiler.compilation.compile`, with the pipeline as text."""

    target: Target
    options: Options
    shapes: tuple[Shape, ...]

    def of(self, place: int, program: Program, derived: dict[Hashable, object] | None = None) -> NativeCircuit:
        """The native circuit of an attention program that differs from one of
        :meth:`qsac.templates.template.Template.programs`, which are counted by ``place``, in the numbers of its tables
        and phases; ``derived`` as for :meth:`~qsac.templates.shape.Shape.with_numbers`."""
        compilation, shape = self.compilation(place), self.shapes[place]
        blocks = shape.with_numbers(program, compilation.context, derived)
        allocation = shape.allocation(compilation.context)
        return compilation.native(blocks, allocation, emission=shape.emission).circuit

    def compilation(self, place: int, watch: Watch | None = None, progress: Progress | None = None) -> Compilation:
        """What compiles the circuit at a place of the plan."""
        watch = Watch(None) if watch is None else watch
        compilation = Compilation(self.target, self.options, watch, progress, self._chosen, template=True)
        compilation.counts.extend(self.shapes[place].counts)
        return compilation

    @cached_property
    def context(self) -> PassContext:
        """What lowering has to know of the target and the options."""
        return self.compilation(0).context

    @cached_property
    def _chosen(self) -> tuple[Pass | CircuitPass, ...]:
        """The pipeline."""
        return tuple(parse_pipeline(present(self.options.passes, "the pipeline of the template")))
