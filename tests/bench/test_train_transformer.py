"""The training script computes what qsac does, it learns, and the models of docs/examples are as good as told."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qsac.families.contract import Result
from qsac.families.reading import load
from tests.bench import train_transformer
from tests.bench.measure import ROOT
from tests.bench.train_transformer import DIGITS, FIGURES, TASKS, drawn, model_file, predictions, trained

every_task = pytest.mark.parametrize("name", TASKS)


def closed_form(document: dict[str, Any]) -> Result:
    model = load(document)
    return model.readout.closed_form(model)


@every_task
def test_the_script_trains_the_closed_form(name):
    task = TASKS[name]()
    parameters = jax.tree.map(lambda part: jnp.round(part, DIGITS), drawn(task, 5))
    document = json.loads(train_transformer.text(model_file(name, task, parameters)))
    following, success = predictions(parameters, jnp.asarray([document["tokens"]["sequence"]]), task.coefficients)
    found = closed_form(document)
    assert found.metrics["cross_entropy"] == pytest.approx(-np.log(following).mean(), rel=1e-12)
    wanted = [one["success_probability"] for one in found.values["predictions"]]
    assert np.asarray(success)[0] == pytest.approx(wanted, rel=1e-12)


def test_sentences_come_from_the_source():
    copied = TASKS["copy"]()
    assert (copied.test[:, 4:] == copied.test[:, :-4]).all()
    seen = {tuple(sentence) for sentence in copied.training.tolist()}
    assert len(seen) == 192
    assert not seen & {tuple(sentence) for sentence in copied.test.tolist()}
    assert -np.log(copied.source(copied.test)[:, :FIGURES]).mean() == pytest.approx(3 * np.log(4) / FIGURES)
    continued = TASKS["grammar"]()
    text = "they often sing and she often often sings and"
    sentence = [continued.labels.index(word) for word in text.split()]
    assert continued.source(np.array([sentence]))[0] == pytest.approx([0.5, 0.5, 1, 0.5, 0.5, 0.5, 0.5, 1])


def test_training_lowers_the_loss(monkeypatch):
    task = TASKS["grammar"]()
    (least, parameters), _ = sorted(trained(task, 2, 100), key=lambda one: one[0])
    unigram, _ = train_transformer.counted(task)
    following, success = predictions(parameters, jnp.asarray(task.test), task.coefficients)
    assert -np.log(following).mean() < 0.7 * -np.log(unigram).mean()
    assert least == pytest.approx(-np.log(following).mean() - task.mu * np.log(success).mean(), rel=0.1)


@pytest.mark.parametrize(
    ("name", "entropy", "later", "success"), [("copy", 0.55, 0.02, 0.3), ("grammar", 0.54, 0.54, 0.8)]
)
def test_the_examples_have_learnt_their_task(name, entropy, later, success):
    document = json.loads((ROOT / "docs" / "examples" / f"gpt-{name}.json").read_text(encoding="utf-8"))
    task = TASKS[name]()
    found = []
    for sentence in task.test[:64, : FIGURES + 1].tolist():
        document["tokens"]["sequence"] = sentence
        result = closed_form(document)
        shares = [
            one["probabilities"][word] for one, word in zip(result.values["predictions"], sentence[1:], strict=True)
        ]
        found.append((-np.log(shares), result.success_probability))
    nats, successes = (np.array(part) for part in zip(*found, strict=True))
    _, bigram = train_transformer.counted(task)
    assert nats.mean() < min(entropy, 0.9 * -np.log(bigram[:64]).mean())
    assert nats[:, 3:].mean() < later
    assert successes.mean() > success
