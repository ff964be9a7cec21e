"""From valid fields to the numbers of a search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qsac.errors import DoesNotFitError, InvalidInputError
from qsac.families.program import schema
from qsac.families.program.diagnosis import MODEL
from qsac.families.program.reading import Canonical, positive, token_rows, unitary_of, whole_numbers
from qsac.families.program.search.rows import Search
from qsac.files.diagnosis import missing
from qsac.files.numbers import exactly_real
from qsac.files.pointer import kind

if TYPE_CHECKING:
    from qsac.families.program.search.readout import SearchReadout
    from qsac.families.program.search.top import TopSearch
    from qsac.families.program.search.top_readout import TopReadout

REPEATS = 3
"""Rounds in which a threshold rises, where the model file does not say."""

TOKENS = 1 << 12
"""Most tokens: all scores are held at once."""


def read_search(
    given: schema.ModelFile, program: schema.SearchProgram, folder: Path
) -> tuple[Search | TopSearch, SearchReadout | TopReadout, Canonical]:
    """The search of a model file, its readout, and the canonical fields."""
    from qsac.families.program.search.readout import SearchReadout
    from qsac.families.program.search.top import TopSearch
    from qsac.families.program.search.top_readout import TopReadout

    _check_kind(program)
    seeks_top = "top" in program.model_fields_set
    found = token_rows(given, folder, normalise=True)
    tokens, dimension = found.rows.shape
    if tokens > TOKENS:
        raise DoesNotFitError(
            "there are too many tokens for a search",
            code="program.too-large",
            pointer="/tokens",
            found=f"{tokens:,} tokens",
            wanted=f"at most {TOKENS:,}: the closed form holds all scores",
        )
    _check_lengths(found.rows)
    score, canonical_score = unitary_of(program.score, "/program/score", dimension)
    value, canonical_value = unitary_of(program.value, "/program/value", dimension)
    padded = np.zeros((tokens, max(2, 1 << (dimension - 1).bit_length())), dtype=found.rows.dtype)
    padded[:, :dimension] = found.rows
    adjoint = score.matrix(padded.shape[1]).conj().T
    queries = exactly_real(padded @ adjoint.T)
    values = exactly_real(value.apply(padded))
    if not values[:, dimension:].any():
        values = values[:, :dimension]
    middle = 0.5 if program.part == "abs" else 0.0
    threshold = middle if seeks_top else program.threshold
    _check_threshold(program, threshold)
    _check_oracle(program)
    rows = _rows(program.rows, tokens)
    rest, canonical_rest = _rest(program.rest)
    repeats = program.repeats if "repeats" in program.model_fields_set else REPEATS
    settles = program.until == "settled"
    degree = _degree(program.oracle.degree)
    system = Search(
        states=exactly_real(padded),
        queries=queries,
        values=values,
        span=_span(program.score, dimension, padded.shape[1]),
        mask=program.mask,
        part=program.part,
        threshold=threshold,
        margin=program.margin,
        most=program.most,
        temperature=program.temperature,
        rest=rest,
        degree=degree,
        # Each of the rounds may be the one that ends them: together they fail as seldom as is asked.
        failure=program.failure / repeats if settles else program.failure,
        guaranteed=program.schedule == "guarantee",
        rows=rows,
        oracle=program.oracle.type,
        asked=program.strategy,
        superposed=program.index == "superposed",
        heralded=program.herald,
        measures=program.verify == "measured",
        refused=_refused(program),
        known=program.top if settles else None,
    )
    canonical: dict[str, Any] = {
        **program.model_dump(),
        "score": canonical_score,
        "value": canonical_value,
        "rest": canonical_rest,
        "rows": "all" if program.rows == "all" else list(rows),
        "oracle": {"type": program.oracle.type, "degree": "auto" if degree is None else degree},
    }
    if not settles:
        del canonical["until"]
    fields = {"tokens": found.canonical, "program": canonical}
    if not seeks_top:
        del canonical["top"], canonical["repeats"]
        return system, SearchReadout(), fields
    del canonical["threshold"]
    canonical["repeats"] = repeats
    return TopSearch(system, program.top, repeats, program.failure, settles), TopReadout(), fields


def _check_kind(program: schema.SearchProgram) -> None:
    """Whether there is a threshold, or a number of keys to be sought."""
    given = program.model_fields_set
    if not {"threshold", "top"} & given:
        raise missing("threshold", "/program", dict.fromkeys(given), MODEL)
    for name, other in (("top", "threshold"), ("repeats", "threshold"), ("until", "threshold")):
        if {name, other} <= given:
            raise InvalidInputError(
                f'"{name}" does not go with a threshold',
                code="program.unused-field",
                pointer=f"/program/{name}",
                found=f'"{name}" and "threshold"',
                wanted='"threshold" for keys above it, or "top" for the keys of the largest scores',
            )


def _span(given: schema.Unitary, dimension: int, padded: int) -> int:
    """A matrix of the padded dimension may take states out of the tokens' own."""
    return padded if isinstance(given, schema.RowsUnitary) and len(given.entries) == padded else dimension


def _check_lengths(rows: Any) -> None:
    lengths = np.linalg.norm(rows, axis=1)
    worst = int(np.abs(lengths - 1).argmax())
    if abs(lengths[worst] - 1) > 1e-8:
        raise InvalidInputError(
            "the tokens are not of length 1",
            code="tokens.not-normalised",
            pointer="/tokens/normalise",
            found=f"token {worst} of length {lengths[worst]:.6g}",
            wanted="rows of length 1: scores of a search are overlaps of states",
            help='leave "normalise" out, or give rows of length 1',
        )


def _check_threshold(program: schema.SearchProgram, threshold: float) -> None:
    least = 0.0 if program.part == "abs" else -1.0
    half = program.margin / 2
    positive(
        "threshold",
        threshold,
        least + half,
        1 - half,
        "/program/threshold",
        f"both ends of the margin, {half:g} off, lie within the scores",
    )


def _rows(given: object, tokens: int) -> tuple[int, ...]:
    if given == "all" and isinstance(given, str):
        return tuple(range(tokens))
    if isinstance(given, str):
        raise InvalidInputError(
            '"rows" is neither a list nor "all"',
            code="field.wrong-type",
            pointer="/program/rows",
            found=kind(given),
            wanted='"all", or a list of rows from 0',
        )
    return whole_numbers(given, "/program/rows", 0, tokens - 1, "row")


def _rest(given: object) -> tuple[float | None, float | str]:
    if given == "drop" and isinstance(given, str):
        return None, "drop"
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) <= 100:
        raise InvalidInputError(
            '"rest" is neither a score nor "drop"',
            code="field.wrong-type",
            pointer="/program/rest",
            found=kind(given),
            wanted='a number from -100 to 100, or "drop"',
        )
    return float(given), float(given)


def _degree(given: object) -> int | None:
    if given == "auto" and isinstance(given, str):
        return None
    if type(given) is not int or not 2 <= given <= 128 or given % 2:
        raise InvalidInputError(
            '"degree" is not that of an oracle',
            code="field.out-of-range",
            pointer="/program/oracle/degree",
            found=kind(given),
            wanted='an even number from 2 to 128, or "auto"',
            help="the polynomial of an oracle is even: it tells large scores whatever their phase",
        )
    return given


def _refused(program: schema.SearchProgram) -> dict[str, str]:
    """What no circuit is built for."""
    refused: dict[str, str] = {}
    if program.oracle.type == "digital":
        refused["/program/oracle/type"] = "digital"
    if program.index == "superposed":
        # The keys that a row sees under a causal mask are no uniform state of a register.
        if program.mask == "causal":
            refused["/program/mask"] = "causal, with all rows in one circuit"
        if program.oracle.type == "table":
            refused["/program/index"] = "superposed, with a table of each row"
    if "top" in program.model_fields_set:
        if program.index == "superposed":
            refused["/program/index"] = "superposed, with a threshold for each row"
        if program.verify == "measured":
            refused["/program/verify"] = "measured, with keys of the largest scores"
        if program.strategy != "search":
            refused["/program/strategy"] = f"{program.strategy}, with a threshold that rises"
        if program.oracle.type == "table":
            refused["/program/oracle/type"] = "table, with a threshold that is not known before"
    return refused


def _check_oracle(program: schema.SearchProgram) -> None:
    if program.strategy == "sample" and program.oracle.type != "overlap":
        raise InvalidInputError(
            "a sample has no oracle",
            code="program.unused-field",
            pointer="/program/oracle/type",
            found=program.oracle.type,
            wanted='no oracle, or the strategy "search" or "auto"',
        )
