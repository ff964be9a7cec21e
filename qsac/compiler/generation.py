"""Generation: words that follow a prompt, each drawn from what the circuit for it gives.

Each word takes a circuit of its own, in which all words before it are loaded again: states cannot be copied, so nothing
is kept from one word to the next.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.arguments import SEED_LIMIT, flag, whole_number
from qsac.artifact.cache import Cache, opened
from qsac.artifact.compiled import Compiled
from qsac.compiler.running import compiled_of
from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.contract import Continues, Model, Result
from qsac.families.reading import model_of
from qsac.families.registry import family_of
from qsac.files.pointer import counted, quoted
from qsac.progress import Announce, Progress
from qsac.runtime.request import Request
from qsac.runtime.run import run

if TYPE_CHECKING:
    from qsac.machine.read import AnyTarget


STEPS = 1 << 10
"""Most words that are generated at once."""


@dataclass(frozen=True)
class GeneratedWord:
    """One word, and the run that it was drawn from.

    ``word`` is its number from 0, ``label`` what it is called. ``probability`` is what it was drawn with: exact, or its
    share of the shots that gave a word. ``two_qubit_gates`` and ``qubits`` are the circuit's. ``result`` is all that
    came out of it: the probabilities of the other words, the success probability, seed, standard errors and warnings.
    """

    word: int
    label: str
    probability: float
    two_qubit_gates: int
    qubits: int
    result: Result

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        fields = {name: getattr(self, name) for name in ("word", "label", "probability", "two_qubit_gates", "qubits")}
        return fields | {"result": self.result.to_dict()}


@dataclass(frozen=True)
class Generated:
    """What :func:`generate` returns: the words of the ``prompt`` by their numbers and labels, and the words that follow
    in ``steps``. ``shots`` are those of each step, None for exact runs."""

    name: str
    target: str
    shots: int | None
    seed: int
    noise: bool
    greedy: bool
    prompt: tuple[int, ...]
    prompt_labels: tuple[str, ...]
    steps: tuple[GeneratedWord, ...]

    @property
    def words(self) -> tuple[int, ...]:
        """All words by their numbers, from 0: the prompt's and those that follow."""
        return (*self.prompt, *(step.word for step in self.steps))

    @property
    def sentence(self) -> str:
        """The same as text, with blanks between the words."""
        return " ".join((*self.prompt_labels, *(step.label for step in self.steps)))

    def to_dict(self) -> dict[str, Any]:
        """What the command line prints with ``--json``."""
        return {
            "name": self.name,
            "target": self.target,
            "shots": self.shots,
            "seed": self.seed,
            "noise": self.noise,
            "greedy": self.greedy,
            "prompt": list(self.prompt),
            "words": list(self.words),
            "sentence": self.sentence,
            "steps": [step.to_dict() for step in self.steps],
        }


def generate(
    model: Model | Mapping[str, Any] | str | os.PathLike[str],
    prompt: str | Sequence[int],
    steps: int,
    target: AnyTarget | None = None,
    *,
    shots: int | None = None,
    noise: bool = False,
    seed: int = 0,
    greedy: bool = False,
    cache: Cache | str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> Generated:
    """Continue a prompt by ``steps`` words, as ``qsac generate`` does.

    ``model`` is a model that predicts next words, or whatever :func:`~qsac.families.reading.load` reads; its own
    sequence is not used. ``prompt`` is a text of labels or numbers, or a list of numbers. For each word the model with
    all words so far is compiled for ``target`` (``statevector`` if not given), not verified, and run there as
    :func:`qsac.runtime.run.run` does, exactly, or by ``shots`` and with ``noise``. The word is drawn with the
    probabilities that come out, or with ``greedy`` the most probable one is taken, of equal ones the first. Each step
    has seeds of its own, made of ``seed`` and its number, so that the same seed gives the same words, and fewer steps
    the same beginning. ``cache`` is as for :func:`~qsac.compiler.compilation.compile`.

    Raises :class:`~qsac.errors.InvalidInputError` for a model that predicts no next words, a prompt that it cannot
    read, more words than it has positions for, and shots in which no word was found; before the first word
    :class:`~qsac.errors.DoesNotFitError` for more than :data:`STEPS` words, or a circuit of the last one that is too
    large; and whatever compiling and running raise.
    """
    asked = Request(shots, seed, noise, mitigate=False, precision=None, emulator=False, progress=progress)
    steps = whole_number(steps, "number of steps", 1)
    seed = whole_number(seed, "seed", 0, SEED_LIMIT)
    greedy = flag(greedy, "greedy")
    kept = None if cache is None else opened(cache)
    source = model_of(model)
    family = _continuing(source)
    given = family.words(source, prompt)
    _check_length(family.longest(source), len(given), steps)
    _check_work(source, given, steps)
    words = list(given)
    found: list[GeneratedWord] = []
    report = progress or (lambda _done, _total, _description: None)
    for step in range(steps):
        report(step, steps, "generating words")
        one = family.continued(source, words)
        drawing, shooting = _seeds(seed, step)
        compiled = compiled_of(one, target, seed, cache=kept, progress=progress, announce=announce)
        result = run(compiled, shots=asked.shots, seed=shooting, noise=asked.noise, progress=progress)
        probabilities = family.following(one, result)
        if probabilities is None:
            raise _no_word(compiled, result, " ".join(family.label(source, word) for word in words))
        word = _chosen(probabilities, None if greedy else drawing)
        found.append(
            GeneratedWord(
                word=word,
                label=family.label(source, word),
                probability=probabilities[word],
                two_qubit_gates=sum(circuit.two_qubit_gates for circuit in compiled.circuits),
                qubits=max(len(circuit.qubits) for circuit in compiled.circuits),
                result=result,
            )
        )
        words.append(word)
    report(steps, steps, "generating words")
    return Generated(
        name=source.name,
        target=str(found[-1].result.target),
        shots=found[-1].result.shots,
        seed=seed,
        noise=asked.noise,
        greedy=greedy,
        prompt=given,
        prompt_labels=tuple(family.label(source, word) for word in given),
        steps=tuple(found),
    )


def _check_work(source: Model, given: Sequence[int], steps: int) -> None:
    """Refuse, before the first word, more of them than are generated at once, or a last circuit that is too large.

    A model's numbers, and the plan of its circuits, depend on how many words there are and not on which.
    """
    if steps > STEPS:
        raise DoesNotFitError(
            "too many words are to follow",
            code="capacity.plan-too-large",
            found=f"{steps:,} words, each from a circuit of its own in which all words before it are loaded",
            wanted=f"at most {STEPS:,}",
            help="generate fewer words, and go on from what was generated by a prompt of all words so far",
        )
    last = _continuing(source).continued(source, [*given, *[given[0]] * (steps - 1)])
    family_of(last).plan(last)


def _continuing(model: Model) -> Continues:
    """The model's family, if it can continue sequences."""
    family = family_of(model)
    if isinstance(family, Continues):
        return family
    raise InvalidInputError(
        "the model does not predict words",
        code="generate.no-next-word",
        found=f"the section {quoted(model.section)}",
        wanted='a model whose family continues sequences, such as "transformer" with words as tokens',
    )


def _check_length(longest: int | None, given: int, steps: int) -> None:
    """Whether there is a position for every word but the last one, which no other follows."""
    if longest is None or given + steps - 1 <= longest:
        return
    left = longest - given + 1
    raise InvalidInputError(
        "the model has too few positions for so many words",
        code="generate.too-long",
        found=f"{counted(given + steps - 1, 'word')} before the last one, {given:,} of them in the prompt",
        wanted=f"at most {counted(longest, 'word')}, which the model has positions for",
        help=f"generate {counted(left, 'word')} or fewer" if left > 0 else "give a shorter prompt",
    )


def _seeds(seed: int, step: int) -> tuple[int, int]:
    """Seeds of a step: to draw its word, and for its shots."""
    drawing, shooting = np.random.SeedSequence((seed, step)).generate_state(2, np.uint32)
    return int(drawing), int(shooting)


def _chosen(probabilities: Sequence[float], seed: int | None) -> int:
    """A word drawn with these probabilities, or the first of the most probable ones without a seed."""
    if seed is None:
        return int(np.argmax(probabilities))
    shares = np.array(probabilities)
    return int(np.random.default_rng(seed).choice(len(shares), p=shares / shares.sum()))


def _no_word(compiled: Compiled, result: Result, sentence: str) -> InvalidInputError:
    """The diagnostic for a run that gave no word after a sentence, with how often one is to be expected."""
    found = compiled.model.readout.closed_form(compiled.model).success_probability or 0.0
    success = found / compiled.subnormalisations[0] ** 2
    if result.shots is None or success == 0:
        return InvalidInputError(
            "no word can follow",
            code="generate.impossible",
            found=f"the success probability {success:.3g} after {quoted(sentence)}",
            wanted="a sentence after which a word of the vocabulary can be found",
        )
    return InvalidInputError(
        "no shot gave a word",
        code="generate.no-word",
        found=f"{counted(result.shots, 'shot')} after {quoted(sentence)}, and the success probability {success:.3g} "
        "without errors",
        wanted=f"more shots: a word is found in one of {ceil(1 / success):,} on average",
        help="run with more shots, or without for the exact probabilities",
    )
