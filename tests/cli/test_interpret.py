"""`qsac interpret`: metrics from counts that were taken elsewhere."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytket.extensions.qiskit import AerBackend
from qiskit_aer import AerSimulator

import qsac
from qsac.cli.main import run
from tests.cli.conftest import SMALL, sealed

Captured = pytest.CaptureFixture[str]
GivesInput = Callable[[bytes], None]
SHOTS = 4000


@pytest.fixture
def artifact(folder: Path) -> qsac.Compiled:
    compiled = qsac.compile(SMALL, "h1", verify=False)
    compiled.save("small.qsac.json")
    return compiled


def _interpreted(counts: object, capsys: Captured, *options: str) -> dict[str, Any]:
    Path("counts.json").write_text(json.dumps(counts))
    assert run(["interpret", "small.qsac.json", "counts.json", "--json", *options]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_counts_from_qiskit_and_from_pytket_agree_with_the_closed_form(
    artifact: qsac.Compiled, capsys: Captured
) -> None:
    exact = qsac.run(artifact, "statevector").metrics
    qiskit = AerSimulator(seed_simulator=3).run(artifact.to_qiskit(), shots=SHOTS).result().get_counts()
    backend = AerBackend()
    result = backend.run_circuit(artifact.to_tket(), n_shots=SHOTS, seed=3)
    pytket = {str(outcome): count for outcome, count in result.get_counts().items()}
    assert " " in next(iter(qiskit))
    for counts in (qiskit, pytket):
        found = _interpreted(counts, capsys)
        assert (found["shots"], found["seed"], found["target"]) == (SHOTS, None, "h1")
        for name in ("fidelity", "loss", "token_fidelity", "loss_a", "renyi_divergence", "success_probability"):
            assert abs(found["metrics"][name] - exact[name]) < 5 * found["standard_errors"][name], name


def test_orders_of_bits(artifact: qsac.Compiled, capsys: Captured) -> None:
    # Bits in pytket's order: key 2, query 2, score_0 1, value 1.
    assert [register for register, _ in artifact.circuits[0].bits] == ["key"] * 2 + ["query"] * 2 + ["score_0", "value"]
    # One shot with the score copy found, one with the value register left over, two that succeed.
    pytket = {"000010": 1, "000001": 1, "000000": 2}
    sizes = {register.name: register.size for register in artifact.to_qiskit().cregs}
    qiskit = {}
    for key, count in pytket.items():
        bits = dict(zip(artifact.circuits[0].bits, key, strict=True))
        words = ["".join(bits[name, index] for index in reversed(range(size))) for name, size in sizes.items()]
        qiskit[" ".join(reversed(words))] = count
    found = _interpreted(pytket, capsys, "--order", "pytket")
    assert _interpreted(qiskit, capsys) == found
    assert _interpreted({f"({', '.join(key)})": count for key, count in pytket.items()}, capsys) == found
    joined = {key.replace(" ", ""): count for key, count in qiskit.items()}
    assert _interpreted(joined, capsys, "--order", "qiskit") == found
    assert _interpreted({"order": "qiskit", "counts": joined}, capsys) == found
    assert _interpreted({"order": "pytket", "counts": pytket}, capsys, "--order", "pytket") == found
    assert _interpreted({hex(int(key, 2)): count for key, count in joined.items()}, capsys) == found
    memory = [key.split() for key, count in qiskit.items() for _ in range(count)]
    shots = {name: [words[-1 - place] for words in memory] for place, name in enumerate(sizes)}
    assert _interpreted(shots, capsys) == found
    assert found["shots"] == 4
    assert found["metrics"]["success_probability"] == 0.75
    assert found["metrics"]["token_fidelity"] == pytest.approx(2 / 3)
    assert found["metrics"]["fidelity"] == pytest.approx(2 / 3)


def test_shots_that_never_pass(artifact: qsac.Compiled, capsys: Captured) -> None:
    found = _interpreted({"111111": 4000}, capsys)
    expected = qsac.run(artifact, "statevector").success_probability
    for name in ("fidelity", "loss", "token_fidelity", "loss_a", "renyi_divergence"):
        assert found["metrics"][name] is None
        assert found["standard_errors"][name] is None
    assert found["metrics"]["success_probability"] == 0
    assert found["warnings"] == [
        "fidelity, loss, token_fidelity, loss_a and renyi_divergence are not resolved: none of 4,000 shots were "
        "accepted; with 95% confidence success_probability is at most 0.000749",
        f"0 of the shots were accepted (standard error 0.0002), but without noise it would be {expected:.3g}: "
        "noise of the machine can do that, and so can counts of another circuit",
    ]


def test_an_order_that_the_counts_do_not_say_is_asked_for(artifact: qsac.Compiled, capsys: Captured) -> None:
    Path("taken on Monday.json").write_text('{"000000": 5, "000001": 1}')
    command = ["interpret", "small.qsac.json", "taken on Monday.json"]
    assert run(command) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "error: the outcomes do not say in which order their bits are [counts.unsaid-order]\n"
        "  where:  taken on Monday.json /000001\n"
        '  found:  "000001", a text without blanks: it reads differently from left to right and from right to left\n'
        "  wanted: the order, pytket or qiskit\n"
        "  help:   if the leftmost bit is key[0] (pytket): "
        "qsac interpret small.qsac.json 'taken on Monday.json' --order pytket; "
        "if it is value[0] (Qiskit, also join_data): "
        "qsac interpret small.qsac.json 'taken on Monday.json' --order qiskit\n"
    )
    told = [line.rpartition(": ")[2] for line in captured.err.splitlines()[-1].split("; ")]
    shares = []
    for line in told:
        assert shlex.split(line)[:4] == ["qsac", *command]
        assert run([*shlex.split(line)[1:], "--json"]) == 0
        shares.append(json.loads(capsys.readouterr().out)["success_probability"])
    # The bit that is 1 is value[0], or key[0], which is one of the given bits.
    assert shares == [1, 5 / 6]
    assert run([*command, "--order", "cirq"]) == 2
    assert "is not one of" in capsys.readouterr().err


def test_table_and_standard_input(artifact: qsac.Compiled, capsys: Captured, standard_input: GivesInput) -> None:
    standard_input(b'{"000000": 7}')
    assert run(["interpret", "small.qsac.json", "-"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("small one on h1, 7 shots\n")
    assert captured.err == ""
    Path("counts.json").write_text('{"000000": 7}')
    standard_input(artifact.to_json().encode())
    assert run(["interpret", "-", "counts.json"]) == 0
    assert capsys.readouterr().out == captured.out
    assert run(["interpret", "-", "-"]) == 2
    assert "cannot both come from standard input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ("{}", "the counts hold no shot [counts.empty]"),
        ('{"000000": 0}', "the counts hold no shot [counts.empty]"),
        ('["000000"]', "the counts are not a JSON object [json.not-an-object]"),
        ('{"0000": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"00000x": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"000000": -1}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": 1.5}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": true}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": "1"}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": 10000000000000}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": 100.0}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": null}', "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": %s}' % ("9" * 400), "a count is not a number of shots [counts.invalid-count]"),
        ('{"000000": %s}' % ("9" * 5000), "a number in the file of counts has too many digits [json.too-many-digits]"),
        (
            '{"010000": 1, "(0, 0, 0, 0, 0, 1)": 1}',
            "the outcomes are not all written in the same way [counts.mixed-outcomes]",
        ),
        ('{"0x10": 1, "000000": 1}', "the outcomes are not all written in the same way [counts.mixed-outcomes]"),
        ('{"0x40": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"-0x1": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"(0, 0, 0, 0, 0, 2)": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"(0, 0, 0, 0, 0, 0": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"0 00 000": 1}', "an outcome does not fit the circuit's bits [counts.invalid-outcome]"),
        ('{"00 00 0 1": 1}', "the outcomes do not say in which order their bits are [counts.unsaid-order]"),
        ('{"0 1 0 0 0 0": 1}', "the outcomes do not say in which order their bits are [counts.unsaid-order]"),
        ('{"0, 1, 0, 0, 0, 0": 1}', "the outcomes do not say in which order their bits are [counts.unsaid-order]"),
        ('{"order": "qiskit", "counts": {}}', "the counts hold no shot [counts.empty]"),
        ('{"order": "cirq", "counts": {"010000": 1}}', "there is no such order of bits [counts.unknown-order]"),
        ('{"order": ["qiskit"], "counts": {"010000": 1}}', "there is no such order of bits [counts.unknown-order]"),
        (
            '{"order": "qiskit", "counts": {"010000": 1}, "shots": 1}',
            "the file of counts has an unknown field [field.unknown]",
        ),
        ('{"order": "qiskit", "010000": 1}', "the file of counts has an unknown field [field.unknown]"),
        (
            '{"order": "qiskit", "counts": 7}',
            "the counts are not a mapping of outcomes to numbers of shots [counts.not-a-mapping]",
        ),
        ('{"000000": 1, "000000": 2}', 'the field "000000" is given twice [field.repeated]'),
        ("", "the file of counts is empty [json.empty]"),
        ("{", "the file of counts is not valid JSON [json.syntax]"),
        ("\udcff", "the file of counts is not UTF-8 text [file.not-utf8]"),
    ],
)
def test_wrong_counts(counts: str, message: str, artifact: qsac.Compiled, capsys: Captured) -> None:
    Path("counts.json").write_bytes(counts.encode("utf-8", "surrogateescape"))
    assert run(["interpret", "small.qsac.json", "counts.json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {message}\n  where:  counts.json")
    assert "model" not in captured.err


def _damaged(document: dict[str, Any], *path: str | int, value: object) -> str:
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "message", "place"),
    [
        (
            ["qsac_artifact"],
            2,
            "the artifact is of a newer version than this qsac reads [artifact.newer-version]",
            "/qsac_artifact",
        ),
        (["qsac_artifact"], "1", "this is not a qsac artifact [artifact.not-an-artifact]", "/qsac_artifact"),
        (["qsac_artifact"], 0, "this is not a qsac artifact [artifact.not-an-artifact]", "/qsac_artifact"),
        (["sha256"], "0" * 64, "the artifact's model was changed after compiling [artifact.changed-model]", "/sha256"),
        (
            ["model", "attention", "mask"],
            "full",
            "the artifact's model was changed after compiling [artifact.changed-model]",
            "/sha256",
        ),
        (
            ["model", "tokens", "values"],
            [[0, 0], [1, 1]],
            "token 0 is zero [tokens.zero-token]",
            "/model/tokens/values/0",
        ),
        (["circuits"], [], "the artifact is damaged [artifact.damaged]", "/circuits"),
        (
            ["circuits", 0, "readout", 0, "given"],
            [["x", [0]]],
            "the artifact is damaged [artifact.damaged]",
            "/circuits/0/readout/0",
        ),
        (["target"], {"name": "h1", "kind": "toaster"}, "the artifact is damaged [artifact.damaged]", "/target/kind"),
        (["stats"], [], "the artifact is damaged [artifact.damaged]", "/stats"),
    ],
)
def test_wrong_artifacts(
    path: list[str | int], value: object, message: str, place: str, artifact: qsac.Compiled, capsys: Captured
) -> None:
    Path("counts.json").write_text('{"000000": 7}')
    Path("small.qsac.json").write_text(sealed(json.loads(_damaged(json.loads(artifact.to_json()), *path, value=value))))
    for command in (["interpret", "small.qsac.json", "counts.json"], ["run", "small.qsac.json"]):
        assert run(command) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        lines = captured.err.splitlines()
        assert lines[0] == f"error: {message}"
        assert lines[1].startswith(f"  where:  small.qsac.json {place}")


def test_an_artifact_stands_alone(artifact: qsac.Compiled, capsys: Captured) -> None:
    document = json.loads(artifact.to_json())
    document["target"]["name"] = "a-machine-known-elsewhere"
    Path("small.qsac.json").write_text(sealed(document))
    assert run(["run", "small.qsac.json", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"] == qsac.run(artifact).metrics


@pytest.mark.parametrize("name", [".", "none.qsac.json"])
def test_no_artifact(name: str, artifact: qsac.Compiled, capsys: Captured) -> None:
    assert run(["interpret", name, "counts.json"]) == 2
    assert capsys.readouterr().err.startswith(
        f"error: {'this is a folder' if name == '.' else 'there is no such file'}"
    )
    assert run(["interpret", "small.qsac.json", name]) == 2
    assert capsys.readouterr().err.startswith(
        f"error: {'this is a folder' if name == '.' else 'there is no such file'}"
    )
