"""The readout of next words: the probability of every word after some positions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from qsac.errors import printable
from qsac.families.contract import Result, Row
from qsac.families.indexed import index_of, lists, outside, success
from qsac.families.outcomes import RESOLUTION, Index, Outcomes, standard_error, upper_bound
from qsac.families.transformer.closed_form import check_finite
from qsac.families.transformer.construction.planned import qubits
from qsac.families.transformer.normalisers import next_token_normalisers
from qsac.families.transformer.readouts.cross_entropy import NAME, cross_entropy
from qsac.files.numbers import Numbers

if TYPE_CHECKING:
    from qsac.families.transformer.model import Model

Real = NDArray[np.float64]


def circuit_of(position: int) -> str:
    """The name of the circuit that reads the word after a position, from 1."""
    return f"position-{position}"


@dataclass(frozen=True, eq=False)
class NextToken:
    """P(l | j) = |<e_l|o_j>|^2 / sum_l' |<e_l'|o_j>|^2 for the words e_l, rows of ``vocabulary`` (M, d), after each of
    ``positions`` (from 1). ``targets``: the word, from 0, that does follow each of them, or None."""

    type: ClassVar[str] = "next-token"
    corrected: ClassVar[bool] = False
    details: ClassVar[Mapping[str, str]] = {}

    vocabulary: Numbers = field(repr=False)
    positions: tuple[int, ...]
    targets: tuple[int, ...] | None

    @property
    def precise(self) -> str:
        """The cross entropy where there are targets, else the probability that has the largest error."""
        return "least known probability" if self.targets is None else "cross_entropy"

    @property
    def standard_error(self) -> float:
        """0.1 of the cross entropy, in nats, or 0.01 of a probability."""
        return 0.01 if self.targets is None else 0.1

    @property
    def words(self) -> int:
        """M, the number of words."""
        return len(self.vocabulary)

    @property
    def options(self) -> dict[str, Any]:
        """What :func:`~qsac.families.transformer.readouts.cross_entropy.cross_entropy` is given, JSON-ready. Only where
        there are targets."""
        circuits = map(circuit_of, self.positions)
        return {"targets": dict(zip(circuits, self.targets or (), strict=True)), "words": self.words}

    def index_qubits(self, model: Model) -> int:
        """The qubits of the register in which a word is read."""
        return qubits(self.words)

    def work(self, model: Model) -> int:
        scores = model.tokens**2 * sum(len(layer.heads) for layer in model.layers)
        return scores + (len(self.positions) << self.index_qubits(model))

    def expected(self, model: Model) -> dict[str, Outcomes]:
        """Of each circuit the index is the word: all that is accepted is one."""
        weights = self._weights(model, self._overlaps(model))
        return self._outcomes(weights, 1 << self.index_qubits(model))

    def closed_form(self, model: Model) -> Result:
        """The probabilities and the success probabilities of the circuits, however small these are."""
        overlaps = self._overlaps(model)
        largest = np.abs(overlaps).max(axis=1, keepdims=True)
        shares = np.abs(overlaps / np.where(largest, largest, 1.0)) ** 2
        successes = self._weights(model, overlaps).sum(axis=1)
        return self._result(model, self._outcomes(shares, self.words), [(float(p), None) for p in successes])

    def result(self, model: Model, seen: Mapping[str, Any]) -> Result:
        """The probabilities of all words after each position; where there are targets, cross entropy and perplexity.

        Shots on values of the word register beyond the words, which there are none of without noise, are left out.
        """
        outcomes: dict[str, Outcomes] = {circuit: seen[circuit] for circuit in map(circuit_of, self.positions)}
        return self._result(model, outcomes, [success(found, certain=False) for found in outcomes.values()])

    def shots(self, model: Model, expected: Mapping[str, Outcomes], error: float) -> int | None:
        """The shots of each circuit for a standard error of the cross entropy, or of every probability; as many for
        every position."""
        if self.targets is None:
            return self._shots_for_probabilities(expected, error)
        variance = 0.0
        for position, target in zip(self.positions, self.targets, strict=True):
            found = expected[circuit_of(position)]
            hit = float(index_of(NAME, found).joint[target])
            if hit < RESOLUTION:
                return None
            variance += (1 - min(hit / found.given, 1.0)) / (hit / found.total)
        return max(1, ceil(variance / (len(self.positions) * error) ** 2))

    def reached(self, result: Result) -> float | None:
        if self.targets is not None:
            return result.standard_errors["cross_entropy"]
        spreads = [spread for one in result.value_errors[NAME] for spread in one["probabilities"]]
        return None if None in spreads else max(spreads)

    def influence(self, name: str, value: float, seen: Mapping[str, Outcomes], weights: Mapping[str, Any]) -> Any:
        raise NotImplementedError("predictions are not corrected for readout errors")

    def branch(self, model: Model, circuit: str, expected: Outcomes) -> float:
        return expected.given

    def deviation(self, model: Model, seen: Mapping[str, Outcomes]) -> dict[str, float | None]:
        """That of the cross entropy, which is the loss, and the largest one of the success probabilities."""
        wanted = self.expected(model)
        loss = None
        if self.targets is not None:
            values = [cross_entropy(one, self.options)["cross_entropy"]["value"] for one in (wanted, seen)]
            loss = None if None in values else values[1] - values[0]
        growth = [
            seen[name].given * seen[name].subnormalisation ** 2 / found.given - 1
            for name, found in wanted.items()
            if found.given
        ]
        return {"loss_deviation": loss, "success_probability_deviation": max(growth, key=abs, default=None)}

    def rows(self, model: Model, result: Result) -> Iterator[Row]:
        """Cross entropy and perplexity, then P(word | position): a word by its label, or its number from 0."""
        for name in ("cross_entropy", "perplexity"):
            if name in result.metrics:
                errors = {"standard error": result.standard_errors.get(name)} if result.shots is not None else {}
                yield name, {"value": result.metrics[name]} | errors
        counted = result.value_errors.get(NAME)
        for place, prediction in enumerate(result.values[NAME]):
            for word, value in enumerate(prediction["probabilities"]):
                spread = {"standard error": counted[place]["probabilities"][word]} if counted else {}
                yield f"P({_named(model, word)} | {prediction['position']})", {"value": value} | spread

    def row_count(self, model: Model, result: Result) -> int:
        return len(self.positions) * self.words + (2 if self.targets is not None else 0)

    def _shots_for_probabilities(self, expected: Mapping[str, Outcomes], error: float) -> int | None:
        most = 0.0
        for found in expected.values():
            if found.given < RESOLUTION:
                return None
            shares = index_of(NAME, found).joint / found.given
            most = max(most, float(np.max(shares * (1 - np.minimum(shares, 1.0)))) / found.success_probability)
        return max(1, ceil(most / error**2))

    def _overlaps(self, model: Model) -> Numbers:
        """<e_l|o_j>, (positions, M)."""
        places = [position - 1 for position in self.positions]
        with np.errstate(over="ignore", invalid="ignore"):
            overlaps: Numbers = model.outputs[places] @ self.vocabulary.conj().T
        check_finite(overlaps, "/readout/vocabulary")
        return overlaps

    def _weights(self, model: Model, overlaps: Numbers) -> Real:
        """The probabilities that the circuits are accepted and give each word, (positions, M)."""
        normalisers = next_token_normalisers(model)[[position - 1 for position in self.positions]]
        # Without a weight there is nothing: the overlaps are all zero.
        weights: Real = np.abs(overlaps / np.where(normalisers, normalisers, 1.0)[:, None]) ** 2
        return weights

    def _outcomes(self, weights: Real, size: int) -> dict[str, Outcomes]:
        """Exact outcomes of every circuit, with ``weights`` (positions, M) of the words."""
        found = {}
        for position, row in zip(self.positions, weights, strict=True):
            joint = np.zeros(size)
            joint[: self.words] = row
            given = float(row.sum())
            found[circuit_of(position)] = Outcomes(1.0, given, {NAME: given}, Index(joint, joint), exact=True)
        return found

    def _result(
        self, model: Model, outcomes: Mapping[str, Outcomes], successes: list[tuple[float, float | None]]
    ) -> Result:
        warnings: list[str] = []
        predictions, spreads = [], []
        for position, found, (probability, error) in zip(self.positions, outcomes.values(), successes, strict=True):
            values, errors = _probabilities(found, self.words)
            warnings += _unresolved(position, found) + self._outside(position, found)
            predictions.append(
                {
                    "position": position,
                    "over": "vocabulary",
                    "probabilities": lists(values),
                    "success_probability": probability,
                }
            )
            spreads.append({"probabilities": lists(errors), "success_probability": error})
        exact = all(found.exact for found in outcomes.values())
        metrics: dict[str, float | None] = {}
        deviations: dict[str, float | None] = {}
        if self.targets is not None:
            entropy = cross_entropy(outcomes, self.options)["cross_entropy"]
            metrics = {"cross_entropy": entropy["value"], "perplexity": entropy["perplexity"]}
            deviations = {"cross_entropy": entropy["standard_error"], "perplexity": entropy["perplexity_error"]}
            warnings += entropy["warnings"]
        count = len(successes)
        metrics["success_probability"] = mean = sum(probability for probability, _ in successes) / count
        deviations["success_probability"] = sqrt(sum((error or 0.0) ** 2 for _, error in successes)) / count
        result = Result(metrics, {}, mean, tuple(warnings), {NAME: predictions})
        return result if exact else replace(result, standard_errors=deviations, value_errors={NAME: spreads})

    def _outside(self, position: int, found: Outcomes) -> list[str]:
        impossible = np.ones(len(index_of(NAME, found).marginal), dtype=bool)
        impossible[: self.words] = False
        said = outside(found, impossible, "values that stand for no word", "they are left out")
        return [f"after position {position:,}, {sentence}" for sentence in said]


def _probabilities(found: Outcomes, words: int) -> tuple[Real, Real]:
    """The probabilities of the words and their standard errors, NaN where there are none."""
    weights = index_of(NAME, found).joint[:words]
    whole = float(weights.sum())
    if whole < (RESOLUTION if found.exact else 1e-9):
        return np.full(words, np.nan), np.full(words, np.nan)
    errors = [np.nan if found.exact else standard_error(float(part), whole) for part in weights]
    return weights / whole, np.array(errors)


def _unresolved(position: int, found: Outcomes) -> list[str]:
    """Why there are no probabilities after a position."""
    if found.exact:
        missing = found.given < RESOLUTION
        return [
            f"the predictions after position {position:,} do not exist: no word is ever found, so no shot is accepted"
        ] * missing
    if found.given:
        return []
    return [
        f"the predictions after position {position:,} are not resolved: none of {found.total:,.0f} shots were "
        f"accepted; with 95% confidence success_probability is at most {upper_bound(found.total):.3g}"
    ]


def _named(model: Model, word: int) -> str:
    labels = model.labels
    return printable(labels[word]) if labels is not None and word < len(labels) else str(word)
