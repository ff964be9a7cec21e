"""Plans are told to be too large before a circuit of them is built, models before their matrices are read."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.cli.main import run
from qsac.compiler.fit import CIRCUIT_LIMIT
from qsac.compiler.generation import STEPS
from qsac.errors import DoesNotFitError, QsacError
from qsac.families.reading import load
from qsac.files.limits import LAYER_HEADS

HEAD = {"query": [[1.0, 0.0]], "key": [[0.0, 1.0]], "value": [[1.0, 0.5]], "output": [[1.0], [0.2]]}


def _model(tokens: int, layers: list[int], **readout: Any) -> dict[str, Any]:
    """Words of two entries, and so many heads in each layer."""
    return {
        "qsac": 1,
        "name": "large",
        "tokens": {"type": "words", "embedding": [[1.0, 0.0], [0.6, 0.8]], "sequence": [0, 1] * (tokens // 2)},
        "transformer": {"layers": [{"attention": {"heads": [HEAD] * heads}} for heads in layers]},
        "readout": {"type": "next-token", "vocabulary": [[1.0, 0.0], [0.0, 1.0]], **readout},
    }


@pytest.mark.parametrize("layers", [[LAYER_HEADS + 1], [1] * (LAYER_HEADS + 1), [LAYER_HEADS // 2] * 3])
def test_heads_are_counted_before_their_matrices_are_read(layers: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: object, **__: object) -> None:
        raise AssertionError("a matrix was read")

    monkeypatch.setattr("qsac.families.matrices.Matrices.read", read)
    with pytest.raises(DoesNotFitError, match="there are too many heads") as caught:
        load(_model(4, layers))
    assert caught.value.code == "capacity.too-many-heads"
    assert caught.value.pointer == "/transformer/layers"
    assert f"{sum(layers):,} heads" in str(caught.value.found)


@pytest.mark.parametrize("use", [qsac.compile, qsac.template, qsac.run])
def test_circuits_are_counted_before_one_is_built(use: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def built(*_: object, **__: object) -> None:
        raise AssertionError("a program was built")

    monkeypatch.setattr("qsac.families.transformer.programs.next_token_program", built)
    for tokens, limit in ((CIRCUIT_LIMIT + 2, True), (CIRCUIT_LIMIT // 2, False)):
        model = load(_model(tokens, [1], positions=list(range(1, tokens + 1))))
        with pytest.raises(DoesNotFitError if limit else AssertionError) as caught:
            use(model)
        if isinstance(caught.value, QsacError):
            assert caught.value.code == "capacity.plan-too-large"
            assert f"{tokens:,} circuits" in str(caught.value.found)


def test_an_estimate_counts_plans_of_any_number_of_circuits() -> None:
    model = load(_model(CIRCUIT_LIMIT + 2, [1], positions=list(range(1, CIRCUIT_LIMIT + 3))))
    assert qsac.estimate(model).counts["two_qubit_gates"] > CIRCUIT_LIMIT


def test_words_are_counted_before_the_first_is_generated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def compiled(*_: object, **__: object) -> None:
        raise AssertionError("a circuit was compiled")

    monkeypatch.setattr("qsac.compiler.generation.compiled_of", compiled)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(_model(4, [1])))
    tracemalloc.start()
    for steps in (STEPS + 1, 10**12):
        assert run(["generate", str(path), "--prompt", "0", "--steps", str(steps)]) == 3
        assert "[capacity.plan-too-large]" in capsys.readouterr().err
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
    with pytest.raises(AssertionError, match="a circuit was compiled"):
        qsac.generate(path, [0], STEPS)


def test_a_last_word_whose_circuit_is_too_large_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(*_: object, **__: object) -> None:
        raise AssertionError("a circuit was compiled")

    monkeypatch.setattr("qsac.compiler.generation.compiled_of", compiled)
    model = load(_model(4, [2, 2]))
    with pytest.raises(AssertionError, match="a circuit was compiled"):
        qsac.generate(model, [0], 8)
    monkeypatch.setattr("qsac.families.transformer.plan_size.ENTRIES", 10_000)
    with pytest.raises(DoesNotFitError, match="the tables of a circuit are too large"):
        qsac.generate(model, [0], 100)
