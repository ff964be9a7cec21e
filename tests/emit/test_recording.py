"""Emission from a recording: what the emitter writes, to the last bit, with the ops alone written that have slots."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from qsac.emit.recording import Recording
from qsac.emit.zzphase import ZZPhaseEmitter, emit
from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.ir.program import Program
from qsac.templates.template import Template, template
from tests.bench.cases import Case
from tests.strategies import random_model

MODELS = (
    Case(8, 4).model(),
    Case(5, 4, 2, complex=True).model(),
    Case(11, 8, complex=True).model(),
    *map(random_model, range(6)),
)


def _blocks(made: Template, seed: int) -> Program:
    """The blocks of a binding to drawn tokens."""
    generator = np.random.default_rng(seed)
    tokens: Any = generator.normal(size=made.model.given_tokens.shape)
    if np.iscomplexobj(made.model.given_tokens):
        tokens = tokens + 1j * generator.normal(size=tokens.shape)
    return made.filled(made.bound_model(tokens))[1]


def _templates(model: dict[str, Any]) -> list[Template]:
    """With many ops that have slots, and with few; a matrix that is not folded has no template."""
    made = [template(load(model), "h2")]
    try:
        return [*made, template(load(model), "h2", optimisation=0)]
    except InvalidInputError:
        return made


@pytest.mark.parametrize("number", range(len(MODELS)))
def test_a_recording_writes_what_the_emitter_writes(number: int) -> None:
    for made in _templates(MODELS[number]):
        recording = Recording(_blocks(made, 1))
        for seed in (2, 3):
            blocks = _blocks(made, seed)
            found, wanted = recording.of(blocks), emit(blocks)
            assert found.angles.tobytes() == wanted.angles.tobytes() != recording.circuit.angles.tobytes()
            for column in ("kind", "first", "second"):
                assert np.array_equal(getattr(found, column), getattr(wanted, column))
            assert found.groups == wanted.groups
            assert (found.name, found.snapshot, found.readouts) == (wanted.name, wanted.snapshot, wanted.readouts)
        assert recording.of(_blocks(made, 1)).angles.tobytes() == recording.circuit.angles.tobytes()


def test_only_ops_with_slots_are_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    made = template(load(Case(8, 4).model()), "h2")
    blocks = _blocks(made, 1)
    recording, written = Recording(blocks), []
    usual = ZZPhaseEmitter.op
    monkeypatch.setattr(ZZPhaseEmitter, "op", lambda out, place: (written.append(place), usual(out, place))[1])
    recording.of(blocks)
    assert written == [place for place, op in enumerate(blocks.ops) if op.slots]
    assert 0 < len(written) < len(blocks.ops) / 4
