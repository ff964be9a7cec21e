"""What a family of models is: the one contract between a model file and everything that compiles, runs and checks it.

A family is a folder of :mod:`qsac.families`, or comes from another package through the entry point ``qsac.families``;
:mod:`qsac.families.registry` finds both. Nothing else in qsac knows what is in a model: it asks the model's family for
a plan, and the model's readout for what measurements mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

from qsac.errors import printable
from qsac.families.outcomes import Outcomes
from qsac.families.plans import CircuitStep as CircuitStep
from qsac.families.plans import ClassicalStep as ClassicalStep
from qsac.families.plans import Function as Function
from qsac.families.plans import Plan as Plan
from qsac.families.result import Result as Result
from qsac.files.diagnosis import Contract
from qsac.ir.program import Program
from qsac.showing import Shown

Row: TypeAlias = tuple[str, dict[str, float | None]]
"""A label, and the entry's values by column."""

Fact: TypeAlias = tuple[str, str]
"""What something is called, and what there is to say of it, for people."""

Sizes: TypeAlias = Mapping[str, int]
"""The sizes of a shape, by name."""


class Extent(NamedTuple):
    """A size that a model has, and the least and the most that it can be estimated for."""

    own: int
    least: int
    most: int


def canonical_json(model: Mapping[str, Any]) -> str:
    """The one text of a canonical model that its sha256 is of: sorted keys, no spaces, ASCII."""
    return json.dumps(model, sort_keys=True, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, eq=False, repr=False)
class Model(Shown):
    """A model file, checked and materialised, of whichever family. Two models are equal if their canonical forms are.

    ``name`` is the model file's, ``readout`` what the model asks its circuits to report.
    """

    name: str
    readout: Readout

    section: ClassVar[str]
    """The key of the model file that is its family's own."""

    source: ClassVar[str | None] = None
    """What errors call the file, stream or dictionary that the model was read from; None of one that was made
    otherwise. No part of the model: see :func:`qsac.families.reading.naming_source`."""

    def __init_subclass__(cls) -> None:
        """A family's dataclass would write out all of its arrays: it is shown in one line too, unless it says how."""
        super().__init_subclass__()
        if "__repr__" not in vars(cls):
            cls.__repr__ = Model.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return printable(
            f"<Model {self.name!r}: {self.section}, readout {self.readout.type}, {self.entries:,} numbers loaded>"
        )

    @property
    def canonical(self) -> dict[str, Any]:
        """The model as JSON-ready data that stands alone: no file is named, every default is explicit. Loading it gives
        this model again, byte for byte."""
        raise NotImplementedError

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of :func:`canonical_json` of the canonical model, in hexadecimal."""
        return hashlib.sha256(canonical_json(self.canonical).encode("ascii")).hexdigest()

    @cached_property
    def expected(self) -> Mapping[str, Outcomes]:
        """The closed form by circuit, as the readout's ``expected`` has it, computed when it is first asked for."""
        return self.readout.expected(self)

    @property
    def entries(self) -> int:
        """About how many numbers the model holds that its circuits load."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return self.sha256 == other.sha256 if isinstance(other, Model) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sha256)


# Families and their readouts


class Readout(Protocol):
    """What a model asks its circuits to report, and what measurements of these mean.

    ``seen`` is what :meth:`Plan.run` gives: outcomes by circuit, values by name.
    """

    @property
    def type(self) -> str:
        """Its name in the model file."""

    @property
    def precise(self) -> str | None:
        """What shots are taken for with ``--precision``, and told for by a forecast: a metric, or more than one number.
        None if there is nothing whose error is known."""

    @property
    def standard_error(self) -> float:
        """The standard error of :attr:`precise` for which a forecast tells the shots."""

    @property
    def corrected(self) -> bool:
        """Whether readout errors are mitigated, because :meth:`influence` knows how they move every metric."""

    def expected(self, model: Any) -> Mapping[str, Outcomes]:
        """The closed form: exact outcomes of every circuit, without a circuit. ``subnormalisation`` is 1."""

    def work(self, model: Any) -> int:
        """About how many numbers :meth:`expected` processes; checked before it is called by default."""

    def result(self, model: Any, seen: Mapping[str, Any]) -> Result:
        """The result of exact or counted outcomes; counted ones have at least one shot."""

    def closed_form(self, model: Any) -> Result:
        """The result of an exact run, from the closed form."""

    def shots(self, model: Any, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """The shots of each circuit for a standard error of :attr:`precise`; None where that cannot be told."""

    def reached(self, result: Result) -> float | None:
        """The standard error of :attr:`precise` in a result of shots; None where it is not resolved."""

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        """How much more of each bit string moves a metric (its influence function), by the weights that the bit
        strings have for ``given`` and for each readout. Only where :attr:`corrected`."""

    def branch(self, model: Any, circuit: str, expected: Outcomes) -> float:
        """The probability of the branch of a circuit's final state that is read."""

    def deviation(self, model: Any, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        """How far exact outcomes are from the closed form, by the names that an artifact has for it."""

    def rows(self, model: Any, result: Result) -> Iterator[Row]:
        """What is shown of a result: a label, and values by column. As many as :meth:`row_count` says."""

    def row_count(self, model: Any, result: Result) -> int:
        """How many :meth:`rows` there are."""

    @property
    def details(self) -> Mapping[str, str]:
        """Labels of rows that are shown only on request (``-v``), each with a one-line explanation."""


class Parameter(NamedTuple):
    """Numbers of a model that can be bound: their shape, and whether they may be complex."""

    shape: tuple[int, ...]
    complex: bool


class Family(Protocol):
    """One family of models. ``model`` is always one of its own."""

    @property
    def section(self) -> str:
        """The key of the model file that is its own."""

    @property
    def fields(self) -> type[BaseModel]:
        """The model file as it is with this family's section: which tokens and readouts go with it."""

    @property
    def contract(self) -> Contract:
        """The same for diagnostics."""

    @property
    def readouts(self) -> Mapping[str, type[Any]]:
        """Its readouts by their types."""

    def read(self, fields: BaseModel, given: Mapping[str, Any], folder: Path) -> Model:
        """The model of a file whose ``fields`` are valid; ``given`` is the file as it was, which says what is absent.
        Paths are relative to ``folder``. Raises :class:`~qsac.errors.QsacError` with the place of a mistake."""

    def plan(self, model: Any, *, provenance: bool = False) -> Plan:
        """The model's plan. With ``provenance`` tables say where they come from, for passes that approximate."""

    def parameters(self, model: Any) -> Mapping[str, Parameter]:
        """What can be bound, ``tokens`` among it."""

    def bound(self, model: Any, values: Mapping[str, Any]) -> Model:
        """The model with other numbers of the same shape. Raises :class:`~qsac.errors.InvalidInputError`."""

    def sizes(self, model: Any) -> Mapping[str, Extent]:
        """The sizes that :meth:`generic` can have other values of."""

    def generic(self, model: Any, sizes: Sizes) -> Plan:
        """The plan of a model like this one of other sizes, with tables without numbers. Raises
        :class:`~qsac.errors.InvalidInputError` where the model has no other size."""

    def drawn(self, model: Any, sizes: Sizes | None = None) -> Model:
        """A model like this one with generic numbers, the same ones each time; of its own sizes if none are given."""

    def is_small(self, model: Any, sizes: Sizes, entries: int) -> bool:
        """Whether a model of that shape is quickly compiled: no table has more than so many ``entries``."""

    def shape(self, model: Any, sizes: Sizes) -> Any:
        """What an estimate is of: a dataclass, JSON-ready."""

    def shape_facts(self, shape: Mapping[str, Any]) -> list[Fact]:
        """The same for people."""

    def doubts(self, model: Any, sizes: Sizes, finals: Sequence[Program], *, built: bool) -> list[str]:
        """Why a circuit of generic numbers may not have just the counts of an estimate: sentences. ``finals`` are the
        programs after the attention passes; ``built``: a circuit of drawn numbers was counted."""

    def facts(self, model: Any) -> dict[str, Any]:
        """What ``qsac check --json`` says of a model."""

    def summary(self, model: Any) -> list[Fact]:
        """What ``qsac check`` says of it."""

    @property
    def classical_work(self) -> Sequence[str]:
        """What its circuits' tables hold that is worked out from the model, in words: what they do not compute. Empty
        where they hold the numbers of the model file."""

    def statistics(self, model: Any, subnormalisations: Sequence[float]) -> dict[str, Any]:
        """What an artifact's statistics say of the model, with the subnormalisation of each circuit's program."""

    def beside(self, model: Any) -> Any:
        """What an approximating compilation uses besides the canonical model, JSON-ready; None for nothing."""

    def examples(self) -> Iterable[Model]:
        """Small models, all readouts among them, for the conformance test."""


@runtime_checkable
class FeedsForward(Protocol):
    """What a family offers whose plans have circuits :attr:`~CircuitStep.after` others: outcomes of these decide their
    numbers. No family has to."""

    def fed(self, model: Any, seen: Mapping[str, Outcomes]) -> Model:
        """The same model with the circuits that come after those of ``seen`` made for these outcomes."""


@runtime_checkable
class TakesInputs(Protocol):
    """What a family offers whose models are run on many inputs: each is a binding of one template. No family has to."""

    def samples(self, model: Any, given: object) -> list[Any]:
        """The inputs of a list, or of the file of a path, checked. Raises
        :class:`~qsac.errors.InvalidInputError`."""

    def with_sample(self, model: Any, sample: Any) -> Model:
        """The same model, made for one of these inputs."""

    def evaluated(self, model: Any, samples: Sequence[Any]) -> Result:
        """What the closed form gives of all inputs: entries of ``values`` are lists with one item for each."""


@runtime_checkable
class Continues(Protocol):
    """What a family offers besides where its models predict next words: their sequences can be continued. No family has
    to. :mod:`qsac.compiler.generation` asks for it; of a model that predicts none, :meth:`words` raises."""

    def words(self, model: Any, prompt: str | Sequence[int]) -> tuple[int, ...]:
        """The words of a prompt by their numbers, from 0: of a text, or of the numbers themselves. Raises
        :class:`~qsac.errors.InvalidInputError` for words that there are not, for no word, and for a model without next
        words."""

    def label(self, model: Any, word: int) -> str:
        """What a word is called."""

    def longest(self, model: Any) -> int | None:
        """The most words that can stand before the next one; None where the model sets no limit."""

    def continued(self, model: Any, words: Sequence[int]) -> Model:
        """The same model with these words, asked for the next one alone: a plan of one circuit."""

    def following(self, model: Any, result: Result) -> tuple[float, ...] | None:
        """The probability of each word to be the next one, by a result of a continued model; None where it has none."""
