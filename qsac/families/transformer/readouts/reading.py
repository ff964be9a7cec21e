"""From a model file's field to its readout."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qsac.errors import InvalidInputError
from qsac.families.matrices import Matrices
from qsac.families.tokens.sequence import normalised
from qsac.families.transformer import schema
from qsac.families.transformer.readouts.next_token import NextToken
from qsac.families.transformer.readouts.state_fidelity import StateFidelity
from qsac.files.numbers import Numbers, as_lists
from qsac.files.pointer import counted, describe, join, kind, nearest

Readout: TypeAlias = NextToken | StateFidelity
Words: TypeAlias = NDArray[np.int64]


def build_readout(
    given: schema.Readout, shape: tuple[int, ...], sequence: Words | None, matrices: Matrices
) -> tuple[Readout, dict[str, Any]]:
    """The readout of a model's field and the field's canonical form, every default explicit and no file left.

    ``shape`` is (N, d), ``sequence`` the words of tokens that are words.
    """
    tokens, dimension = shape
    whole = f"the tokens have {dimension:,} entries"
    if isinstance(given, schema.StateFidelityReadout):
        reason = f"{whole}, and there is one target for each of {counted(tokens, 'token')}"
        rows = matrices.read(given.targets, "/readout/targets", tokens, dimension, reason)
        _check_directions(rows, given.targets)
        return StateFidelity(normalised(rows, dimension)), {"type": given.type, "targets": as_lists(rows)}
    vocabulary = matrices.read(given.vocabulary, "/readout/vocabulary", None, dimension, whole)
    _check_vocabulary(vocabulary, sequence)
    positions = _positions(given.positions, tokens)
    canonical: dict[str, Any] = {
        "type": given.type,
        "vocabulary": as_lists(vocabulary),
        "positions": given.positions if isinstance(given.positions, str) else list(positions),
    }
    following = given.positions == "targets" and isinstance(given.positions, str)
    targets = _targets(given, positions, sequence, len(vocabulary), following=following)
    if "targets" in given.model_fields_set and targets is not None:
        canonical["targets"] = list(targets)
    return NextToken(vocabulary, positions, targets), canonical


def _check_directions(rows: Numbers, given: object) -> None:
    zero = np.flatnonzero(~rows.any(axis=1))
    if zero.size:
        raise InvalidInputError(
            f"target {zero[0]} is zero",
            code="readout.zero-state",
            pointer="/readout/targets/path" if isinstance(given, dict) else join("/readout/targets", int(zero[0])),
            wanted="at least one entry other than 0: targets are normalised on loading",
        )


def _check_vocabulary(vocabulary: Numbers, sequence: Words | None) -> None:
    if not vocabulary.any():
        raise InvalidInputError(
            "every word of the vocabulary is zero",
            code="readout.zero-state",
            pointer="/readout/vocabulary",
            wanted="at least one entry other than 0: no word would ever be found",
        )
    if sequence is not None and sequence.max() >= len(vocabulary):
        raise InvalidInputError(
            "the vocabulary does not cover the words of the sequence",
            code="words.unknown-word",
            pointer="/readout/vocabulary",
            found=f"{counted(len(vocabulary), 'row')}, while the sequence has the word {int(sequence.max()):,}",
            wanted=f"at least {int(sequence.max()) + 1:,} rows: words are numbered from 0",
        )


def _positions(given: object, tokens: int) -> tuple[int, ...]:
    """The positions that a field stands for."""
    pointer = "/readout/positions"
    if isinstance(given, str) and given == "last":
        return (tokens,)
    if isinstance(given, str) and given == "targets":
        if tokens < 2:
            raise InvalidInputError(
                "one token has no next one to be a target",
                code="readout.wrong-targets",
                pointer=pointer,
                found='"targets" with 1 token',
                wanted='at least 2 tokens, or "last"',
            )
        return tuple(range(1, tokens))
    if not isinstance(given, list) or not given:
        guess = nearest(given, ("last", "targets")) if isinstance(given, str) else None
        raise InvalidInputError(
            '"positions" is neither a list nor "last" or "targets"',
            code="field.wrong-type",
            pointer=pointer,
            found=kind(given),
            wanted='"last", "targets", or a list of positions from 1',
            help=f'did you mean "{guess}"?' if guess else None,
        )
    seen: set[int] = set()
    for place, position in enumerate(given):
        if type(position) is not int or not 1 <= position <= tokens:
            raise InvalidInputError(
                "there is no such position",
                code="readout.unknown-position",
                pointer=join(pointer, place),
                found=describe(position),
                wanted=f"1 to {tokens:,}: there {'is' if tokens == 1 else 'are'} {counted(tokens, 'token')}",
            )
        if position in seen:
            raise InvalidInputError(
                "a position is asked for twice",
                code="readout.repeated-position",
                pointer=join(pointer, place),
                found=f"position {position:,} again",
                wanted="every position once: each is a circuit of its own",
            )
        seen.add(position)
    return tuple(given)


def _targets(
    given: schema.NextTokenReadout,
    positions: tuple[int, ...],
    sequence: Words | None,
    words: int,
    *,
    following: bool,
) -> tuple[int, ...] | None:
    """The words, from 0, that follow the positions: as given, or of the sequence."""
    pointer = "/readout/targets"
    if "targets" not in given.model_fields_set:
        if not following:
            return None
        if sequence is None:
            raise InvalidInputError(
                "the targets are missing",
                code="readout.wrong-targets",
                pointer="/readout/positions",
                found='"targets" for tokens that are not words',
                wanted=f'"targets": {counted(len(positions), "word")} from 0, one for each position but the last',
                help="or give the tokens as words: the targets are then the words that follow",
            )
        return tuple(sequence[1:].tolist())
    if following and sequence is not None:
        raise InvalidInputError(
            "the targets are the words of the sequence, and are not given besides",
            code="readout.wrong-targets",
            pointer=pointer,
            found=f'{counted(len(given.targets), "target")} and "positions": "targets"',
            wanted="one of the two",
        )
    if len(given.targets) != len(positions):
        raise InvalidInputError(
            "there is not one target for each position",
            code="readout.wrong-targets",
            pointer=pointer,
            found=counted(len(given.targets), "target"),
            wanted=f"{len(positions):,}: one for each position",
        )
    for place, word in enumerate(given.targets):
        if word >= words:
            raise InvalidInputError(
                "there is no such word",
                code="words.unknown-word",
                pointer=join(pointer, place),
                found=f"the word {word:,}",
                wanted=f"0 to {words - 1:,}: the vocabulary has {counted(words, 'row')}",
            )
    return tuple(given.targets)
