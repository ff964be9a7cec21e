"""Roll-outs of runs and model files: against a NumPy loop, and from circuits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qsac.cli.main import run as command
from qsac.errors import InvalidInputError
from qsac.families.reading import load
from qsac.training.next_states import ClosedForm
from qsac.training.reading import load as load_config
from qsac.training.rolling import roll_out
from qsac.training.run_folder import MODEL, Run, seed_folder
from tests.training.trajectories import ISING, States, following

STEPS = 3
LONGER = {**ISING, "data": {**ISING["data"], "context": 4 + STEPS - 1}}


@pytest.fixture(scope="module")
def run(chains: Path) -> Run:
    return Run.load(chains)


def by_loop(run: Run, seed: int) -> tuple[States, States]:
    """True and predicted states of the test trajectories of a seed, each step by NumPy."""
    whole = load_config(LONGER).data(seed).test
    assert whole[:, :5] == pytest.approx(run.data(seed).test)
    attention = run.model(seed).canonical["attention"]
    predicted = []
    for trajectory in whole:
        known = list(trajectory[:4])
        for _ in range(STEPS):
            state = following(attention, np.array(known))
            known.append(state / np.linalg.norm(state))
        predicted.append(known[4:])
    return whole[:, 4:], np.array(predicted)


def test_fidelities_are_those_of_a_loop(run: Run) -> None:
    found = roll_out(run, STEPS)
    assert (found.phase, found.target, len(found.seeds)) == ("model", None, 2)
    for one in found.seeds:
        true, predicted = by_loop(run, one.seed or 0)
        assert one.context == 4
        assert one.roll_out.true == pytest.approx(true)
        assert one.roll_out.states == pytest.approx(predicted, abs=1e-8)
        wanted = np.abs((true.conj() * predicted).sum(axis=-1)) ** 2
        assert one.roll_out.fidelity == pytest.approx(wanted, abs=1e-8)
        assert set(one.roll_out.observables) == {"m", "zz", "x"}
    table = found.to_dict()
    assert table["mean"]["fidelity"][0] == pytest.approx(
        np.mean([one.roll_out.fidelity[:, 0] for one in found.seeds if one.roll_out.fidelity is not None])
    )


def test_a_full_mask_sees_no_later_token() -> None:
    """What fills sequences up has no part in predictions."""
    model = {"attention": {**ISING["model"]["attention"], "mask": "full"}}
    config = load_config({**ISING, "model": model})
    data = config.data(0)
    learner = config.learner(data)
    parameters = learner.initial(2)
    form = ClosedForm(learner, 8).of(parameters)
    attention = learner.model(parameters, data.test[0], "full").canonical["attention"]
    for length in (1, 4, 5):
        states = np.array([following(attention, sequence) for sequence in data.test[:, :length]])
        wanted = states / np.linalg.norm(states, axis=1, keepdims=True)
        assert form(data.test[:, :length]) == pytest.approx(wanted, abs=1e-8)


def test_circuits_predict_what_the_closed_form_does(run: Run) -> None:
    found = roll_out(run, 2, target="statevector", sequences=2)
    assert (found.phase, found.target, found.shots) == ("context", "statevector", None)
    assert found.circuits == 2 * 2 * 5
    (one,) = found.seeds
    assert one.exact is not None
    assert one.roll_out.states == pytest.approx(one.exact.states, abs=1e-8)
    assert one.exact.states == pytest.approx(roll_out(run, 2, phase="context").seeds[0].roll_out.states[:2])


def test_shots_predict_it_nearly(run: Run) -> None:
    found = roll_out(run, 1, target="statevector", shots=200_000)
    (one,) = found.seeds
    assert one.exact is not None
    agreement = np.abs(np.vdot(one.exact.states[0, 0], one.roll_out.states[0, 0])) ** 2
    assert 0.99 < agreement < 1 - 1e-9
    again = roll_out(run, 1, target="statevector", shots=200_000)
    assert again.seeds[0].roll_out.states == pytest.approx(one.roll_out.states)


def test_too_few_accepted_shots_are_said(run: Run) -> None:
    assert roll_out(run, 1, target="statevector", shots=1_000).warnings
    with pytest.raises(InvalidInputError) as found:
        roll_out(run, 1, target="statevector", shots=1)
    assert found.value.code == "roll-out.no-shot"


def test_a_model_file_goes_on_with_its_own_tokens(tmp_path: Path) -> None:
    """What is true is known for an evolution."""
    identity = {"type": "identity"}
    tokens = {"type": "tfim", "sites": 2, "context": 4, "dt": 0.35, "coupling": 1.0, "field": 0.8, "seed": 3}
    head = {"kernel": {"type": "monomial", "degree": 1}, "value": identity, "score": identity}
    document = {"qsac": 1, "tokens": {**tokens, "initial": "haar"}, "attention": {"type": "overlap", **head}}
    trained = load({**document, "tokens": {**tokens, "initial": "haar", "context": 6}})
    path = tmp_path / "own.json"
    ansatz = {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal"}}
    document["attention"] = {"type": "overlap", **head, "value": ansatz, "phases": [0.0, 1.0, 0.0, 0.0]}
    path.write_text(json.dumps(document))
    found = roll_out(path, 2).seeds[0]
    assert found.context == 5
    assert found.roll_out.true is not None
    assert found.roll_out.true[0] == pytest.approx(np.array(trained.tokens)[5:])  # type: ignore[attr-defined]


def test_without_the_truth_the_states_are_given(run: Run) -> None:
    assert run.folder is not None
    found = roll_out(seed_folder(run.folder, 0) / MODEL, 2)
    assert found.seeds[0].roll_out.true is None
    table = found.to_dict()
    assert table["mean"]["fidelity"] is None
    assert np.array(table["seeds"][0]["states"]).shape == (2, 4, 2)
    assert command(["roll-out", str(seed_folder(run.folder, 0) / MODEL), "--steps", "2"]) == 0


def test_a_model_file_on_a_configurations_data(run: Run) -> None:
    assert run.folder is not None
    found = roll_out(seed_folder(run.folder, 0) / MODEL, STEPS, data=ISING).seeds[0]
    assert found.roll_out.fidelity == pytest.approx(roll_out(run, STEPS).seeds[0].roll_out.fidelity, abs=1e-9)


def test_other_states_are_predicted_from_the_beginning_of_each_sequence(tmp_path: Path) -> None:
    values = np.sin(0.4 * np.arange(60))
    np.save(tmp_path / "wave.npy", values)
    data = {"type": "series", "path": "wave.npy", "rows": "amplitude", "context": 6}
    (tmp_path / "wave.json").write_text(json.dumps({**ISING, "data": data, "epochs": 1}))
    config = load_config(tmp_path / "wave.json")
    data_of_it = config.data(0)
    learner, test = config.learner(data_of_it), data_of_it.test
    model = learner.model(learner.initial(0), test[0], "wave")
    path = tmp_path / "model.json"
    path.write_text(json.dumps(model.canonical))
    found = roll_out(path, 2, data=config).seeds[0]
    assert found.context == test.shape[1] - 2
    assert found.roll_out.true == pytest.approx(test[:, -2:])
    with pytest.raises(InvalidInputError) as error:
        roll_out(path, test.shape[1], data=config)
    assert error.value.code == "roll-out.too-short"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"shots": 10}, "roll-out.no-target"),
        ({"target": "statevector", "phase": "model"}, "roll-out.no-phase"),
        ({"steps": 0}, "option.out-of-range"),
    ],
)
def test_what_does_not_go_together_is_refused(run: Run, arguments: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidInputError) as found:
        roll_out(run, **arguments)
    assert found.value.code == code


def test_the_command(chains: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plots = tmp_path / "plots"
    plots.mkdir()
    assert command(["roll-out", str(chains), "--steps", "2", "--plots", str(plots)]) == 0
    said = capsys.readouterr()
    assert "2 steps after 4 tokens; closed form" in said.out
    assert "2 seeds, 6 trajectories each; the phase of the model" in said.out
    assert {path.name for path in plots.iterdir()} == {"roll-out.png", "roll-out.svg"}
    assert command(["roll-out", str(chains), "--steps", "1", "--target", "statevector", "--json"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["circuits"] == 5
    assert document["seeds"][0]["agreement"][0] == pytest.approx(1)
    assert "5 circuits will be compiled and run" in said.err
