"""What was compiled passes every check; what was changed, and sealed again, is found and named."""

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import qsac
from qsac.artifact.compiled import Compiled
from qsac.checking import Report, check_artifact, resealed
from qsac.compiler import compilation as compiler
from qsac.errors import InvalidInputError, QsacError
from qsac.files.strict_json import walk
from qsac.machine.registry import target
from qsac.machine.target import Target
from tests.cases import ALL, some
from tests.pipelines import CASCADES
from tests.strategies import random_model

TFIM = Path(__file__).parent.parent.parent / "docs" / "examples" / "tfim.json"
SMALL: dict[str, Any] = {
    "qsac": 1,
    "name": "small",
    "tokens": {"type": "inline", "values": [[1, 0.5], [0.3, -1], [0.2, 0.7], [0.4, 0.1]]},
    "attention": {
        "type": "overlap",
        "kernel": {"type": "polynomial", "coefficients": [0.3, 1.0]},
        "value": {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal"}},
        "score": {"type": "identity"},
    },
}
EVOLVED = {**SMALL, "tokens": {"type": "tfim", "sites": 2, "context": 8, "dt": 0.1, "coupling": 1.0, "field": 0.8}}
EVOLVED["tokens"]["initial"] = "haar"


def _checked(document: dict[str, Any], **options: Any) -> Report:
    return check_artifact(resealed(json.dumps(document).encode(), "file").encode(), "file", **options)


def _document(model: Any = SMALL, machine: str | Target = "h2", **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compiler.compile(model, machine, **options).to_json())
    return found


@pytest.mark.parametrize(
    ("seed", "machine", "options"),
    [
        *some(
            [(seed, machine, {"optimisation": seed % 4}) for seed in range(0, 24, 2) for machine in ("h2", "aer")], 5
        ),
        *some([(seed, "ibm-fez", {"optimisation": 1}) for seed in (1, 2, 5)], 3),
        (2, "ibm-fez", {"optimisation": 2}),
        *some([(seed, "h1", {"optimisation": 3, "error_budget": 0.03}) for seed in (1, 3, 7, 9)], 2),
    ],
)
@pytest.mark.usefixtures("short_search")
def test_what_was_compiled_passes(seed: int, machine: str, options: dict[str, Any]) -> None:
    compiled = compiler.compile(random_model(seed), machine, **options)
    report = qsac.verify(compiled)
    assert report.findings == ()
    assert report.exit_code == 0
    approximate = report.compared == "program"
    assert [note.split(":")[0] for note in report.notes] == ["the circuit is approximate"] * approximate
    assert report.compared in ("closed form", "program")
    assert (report.worst or 0) < 1e-9


@pytest.mark.parametrize("readout", [{"type": "predict"}, {"type": "overlaps"}, {"type": "overlaps", "part": "abs2"}])
def test_other_readouts_pass(readout: dict[str, Any]) -> None:
    assert qsac.verify(compiler.compile(SMALL | {"readout": readout}, "h2")).ok


@pytest.mark.parametrize("budget", [0.03, "auto"])
def test_what_spent_of_a_budget_passes(budget: Any) -> None:
    compiled = compiler.compile(EVOLVED, "h1", optimisation=3, error_budget=budget, passes=CASCADES)
    assert compiled.stats["error_budget"]["spent"]
    report = qsac.verify(compiled)
    assert (report.findings, report.compared) == ((), "program")


def test_a_bound_template_passes() -> None:
    assert qsac.verify(qsac.template(SMALL, "h2").bind()).ok


def _set(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = to(parent[path[-1]]) if callable(to) else to

    return change


COMMANDS = ("circuits", 0, "circuit", "commands")
CHANGES: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_set("model", "name", to="other"), "/ir"),
    (_set("model", "tokens", "values", 1, 0, to=0.9), "/model"),
    (_set("model", "tokens", to={"type": "file", "path": "a.npy"}), "/model/tokens"),
    (_set("target", "errors", "two_qubit", to=1e-9), "/target/errors/two_qubit"),
    (_set("target", "qubits", to=2**40), "/target/qubits"),
    (_set("target", "gates", to=["ZZPhase"]), "/target/gates"),
    (_set("options", "optimisation", to=7), "/options"),
    (_set("options", "passes", to="fold-unitaries"), "/stats/passes"),
    (_set("options", "passes", to="no-such-pass"), "/options"),
    (_set("options", "seed", to=True), "/options/seed"),
    (_set("options", "more", to=1), "/options/more"),
    (_set("ir", to=lambda text: text.replace("0.", "0.0", 1)), "/ir"),
    (_set("ir", to=lambda text: text.replace("query", "quarry")), "/ir"),
    (_set("stats", "two_qubit_gates", to=1), "/stats/two_qubit_gates"),
    (_set("stats", "depth", to=1.5), "/stats/depth"),
    (_set("stats", "error_free_probability", to=0.999), "/stats/error_free_probability"),
    (_set("stats", "cost", "per_shot", to=0.0), "/stats/cost/per_shot"),
    (_set("stats", "forecast", "shots", to=1), "/stats/forecast/shots"),
    (_set("stats", "lam", to=2.0), "/stats/lam"),
    (_set("stats", "more", to=2.0), "/stats/more"),
    (_set("stats", "allocation", "key", 0, to="q[1]"), "/stats/allocation/key/0"),
    (_set("stats", "allocation", "key", to=7), "/stats/allocation"),
    (_set("stats", "loads", "ladders", to=7), "/stats/loads/ladders"),
    (_set("stats", "passes", 0, "name", to="route"), "/stats/passes/0/name"),
    (_set("stats", "passes", 1, "two_qubit_gates", 0, to=10**6), "/stats/passes/1/two_qubit_gates/0"),
    (_set("stats", "error_budget", "spent", to={"prune-loaders": 0.5}), "/stats/error_budget/spent/prune-loaders"),
    (_set("stats", "error_budget", "budget", to=0.5), "/stats/error_budget/budget"),
    (_set("circuits", 0, "profile", to=None), "/circuits/0/profile"),
    (_set("circuits", 0, "profile", "stop", to=lambda stop: stop + 1), "/circuits/0"),
    (_set("circuits", 0, "profile", "register", to=lambda qubits: qubits[::-1]), "/circuits/0"),
    (_set("circuits", 0, "readout", 1, "success", to=[["query", [0]]]), "/circuits/0/readout/1/success"),
    (_set("circuits", 0, "final_map", to=lambda pairs: pairs[:-1]), "/circuits/0/final_map"),
    (_set("circuits", 0, "initial_map", 0, 1, to=["q", [1]]), "/circuits/0/initial_map"),
    (_set("circuits", 0, "groups", 0, 1, to=lambda last: last + 1), "/circuits/0/groups/1"),
    (_set("circuits", 0, "groups", 0, 1, to=-1), "/circuits/0/groups/0/1"),
    (_set("circuits", 0, "groups", 0, 0, to=10**9), "/circuits/0/groups/0/0"),
    (_set("circuits", 0, "groups", 0, to=[0, 1]), "/circuits/0/groups/0"),
    (_set("circuits", 0, "groups", 0, 2, to="magic"), "/circuits/0/groups/0/2"),
    (_set("circuits", 0, "groups", 0, 2, to=[]), "/circuits/0/groups/0/2"),
    (_set("circuits", 0, "groups", 0, 2, to=[1, 0]), "/circuits/0/groups/0/2"),
    (_set("circuits", 0, "groups", 0, 2, to=[10**9]), "/circuits/0/groups/0/2/0"),
    (_set("circuits", 0, "groups", -1, 2, to=[0]), "/circuits/0/groups/"),
    (_set("ops", 0, "field", to="/tokens"), "/ops/0/field"),
    (_set("ops", 0, "id", to=False), "/ops/0/id"),
    (_set("ops", 2, "by", to=["query"]), "/ops/2/by"),
    (_set("ops", to=lambda ops: ops[:-1]), "/ops/"),
    (_set("ops", to=None), "/ops"),
    (_set("circuits", 0, "circuit", "phase", to="0.5"), "/circuits/0/circuit/phase"),
    (_set("circuits", 0, "circuit", "bits", to=lambda bits: bits[::-1]), "/circuits/0/circuit/bits"),
    (_set(*COMMANDS, 0, "op", "params", 0, to="0.1234"), "/circuits/0/circuit/commands/0/op/params/0"),
    (_set(*COMMANDS, 0, "op", to={"type": "SX"}), "/circuits/0/circuit/commands/0/op/type"),
    (_set(*COMMANDS, to=lambda commands: [*commands[:5], *commands[6:]]), "/circuits/0/circuit/commands/5"),
    (_set("more", to=1), "/more"),
]


@pytest.mark.parametrize(("change", "pointer"), CHANGES, ids=[pointer for _, pointer in CHANGES])
def test_what_was_changed_is_found_and_named(change: Callable[[dict[str, Any]], None], pointer: str) -> None:
    document = copy.deepcopy(HONEST)
    change(document)
    report = _checked(document)
    assert report.exit_code == 1
    assert any(finding.pointer.startswith(pointer) for finding in report.findings)


HONEST = _document()


def test_what_is_changed_passes_as_long_as_it_is_not() -> None:
    assert _checked(copy.deepcopy(HONEST)).ok


def test_a_changed_document_that_is_not_sealed_again_is_found_by_its_digest_and_by_its_place() -> None:
    document = copy.deepcopy(HONEST)
    document["stats"]["depth"] = 7
    report = check_artifact(json.dumps(document).encode(), "file")
    assert report.exit_code == 1
    assert [finding.pointer for finding in report.findings] == ["/digest", "/stats/depth"]
    assert [finding.code for finding in report.findings] == ["seal.mismatch", None]
    assert [finding["code"] for finding in report.to_dict()["findings"]] == ["seal.mismatch", None]


def test_program_and_circuit_of_another_model_are_found() -> None:
    """Program and circuit agree with one another, so that it is the model that is odd."""
    other = copy.deepcopy(HONEST)
    other["model"]["tokens"]["values"][0] = [0.1, -0.7]
    report = _checked(other)
    assert "/model" in [finding.pointer for finding in report.findings]


def test_a_program_and_a_circuit_that_pretend_to_approximate_are_found() -> None:
    """The circuit of another model, with its own program and a forged spending, is far from the closed form."""
    ours = _document(EVOLVED, "h1", optimisation=3, error_budget=0.03, passes=CASCADES)
    field = {**EVOLVED["tokens"], "field": 1.6}
    theirs = _document({**EVOLVED, "tokens": field}, "h1", optimisation=3, error_budget=0.03, passes=CASCADES)
    assert ours["stats"]["error_budget"]["spent"]
    forged = {**theirs, "model": ours["model"]}
    report = _checked(forged)
    assert report.exit_code == 1
    assert "the program approximates that of another model" in [finding.title for finding in report.findings]


def test_a_spending_that_is_said_to_be_less_is_found() -> None:
    """Every probability may be within what is said; the state is not."""
    predicted = EVOLVED | {"readout": {"type": "predict"}}
    document = _document(predicted, "h1", optimisation=3, error_budget=0.03, passes=CASCADES)
    report = document["stats"]["error_budget"]
    (name,) = report["spent"]
    assert _checked(document).ok
    report["spent"][name] = 0.99 * report["infidelity"]
    assert [(finding.pointer, finding.title) for finding in _checked(document).findings] == [
        ("/stats/error_budget/spent", "less than was really spent")
    ]


@pytest.mark.parametrize("readout", ["loss", "predict", "overlaps"])
def test_a_program_too_wide_to_be_interpreted(readout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How far the circuit is from the model is compared all the same, with what was spent."""
    asked = EVOLVED | {"readout": {"type": readout}}
    document = _document(asked, "h1", optimisation=3, error_budget=0.03, passes=CASCADES)
    spent = document["stats"]["error_budget"]["spent"]
    assert spent
    monkeypatch.setattr("qsac.ir.interpreter.WIDTH_LIMIT", 3)
    document["stats"]["error_budget"]["infidelity"] = None
    report = _checked(document)
    assert (report.findings, report.compared, report.exit_code) == ((), None, 3)
    assert (report.too_wide or "").startswith("the program is too wide for dense interpretation")
    for name in spent:
        spent[name] = 1e-14
    assert {finding.title for finding in _checked(document).findings} == {
        "the circuit is further from the model than was spent"
    }


_LEAVES = [
    tuple(path)
    for path, value in walk(HONEST)
    if not isinstance(value, dict | list) and path[:4] != ["circuits", 0, "circuit", "commands"]
]


VALUES = {"huge": 10**400, "-1": -1, "text": "x", "null": None, "list": [[]]}


@pytest.mark.parametrize("name", VALUES)
def test_whatever_stands_in_a_place_is_reported(name: str) -> None:
    """No value makes the check fail otherwise than by an error of qsac's."""
    value, turn = VALUES[name], list(VALUES).index(name)
    told = [leaf for leaf in _LEAVES if leaf[0] in ("stats", "options")]
    # In `make test` each value stands in other places, and some value in a third of those that are told.
    for path in [*_LEAVES[::7], *told] if ALL else [*_LEAVES[turn * 34 :: 170], *told[turn * 3 :: 15]]:
        document = copy.deepcopy(HONEST)
        parent: Any = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = value
        with suppress(QsacError):
            _checked(document, simulate=False)


def test_places_are_escaped_pointers() -> None:
    document = copy.deepcopy(HONEST)
    document["stats"]["a/b~\x1b"] = 1
    document["stats"]["error_budget"]["c/d"] = 1
    document["options"]["e/f"] = 1
    assert [finding.pointer for finding in _checked(document).findings] == ["/options/e~1f"]
    del document["options"]["e/f"]
    pointers = {finding.pointer for finding in _checked(document).findings}
    assert pointers == {"/stats/a~1b~0\\x1b", "/stats/error_budget/c~1d"}


def test_a_pair_that_is_not_coupled_is_found() -> None:
    document = _document(random_model(1), "ibm-fez", optimisation=1)
    swapped = next(c for c in document["circuits"][0]["circuit"]["commands"] if c["op"]["type"] == "CZ")
    others = [unit for unit in document["circuits"][0]["circuit"]["qubits"] if unit not in swapped["args"]]
    place = document["circuits"][0]["circuit"]["commands"].index(swapped)
    edges = {tuple(edge) for edge in document["target"]["coupling"]}
    far = next(
        o for o in others if not {(o[1][0], swapped["args"][0][1][0]), (swapped["args"][0][1][0], o[1][0])} & edges
    )
    swapped["args"][1] = far
    report = _checked(document)
    assert f"/circuits/0/circuit/commands/{place}/args" in [finding.pointer for finding in report.findings]


def test_where_a_qubit_ends_is_checked_on_routed_circuits() -> None:
    document = _document(random_model(1), "ibm-fez", optimisation=1)
    pairs = document["circuits"][0]["final_map"]
    pairs[0][1], pairs[1][1] = pairs[1][1], pairs[0][1]
    assert any(finding.pointer.startswith("/circuits/0/final_map/") for finding in _checked(document).findings)


def test_a_target_that_nobody_knows_is_a_note() -> None:
    compiled = compiler.compile(SMALL, Target(**{**vars(target("h2")), "name": "mine"}))
    report = qsac.verify(compiled)
    assert report.ok
    assert any("mine" in note for note in report.notes)


def test_other_versions_are_a_note() -> None:
    document = copy.deepcopy(HONEST)
    document["producer"]["numpy"] = "1.0"
    report = _checked(document)
    assert report.ok
    assert "numpy 1.0" in report.notes[0]


def test_a_model_may_be_asked_for() -> None:
    assert qsac.verify(compiler.compile(SMALL, "h2"), model=qsac.load(SMALL)).ok
    report = qsac.verify(compiler.compile(SMALL, "h2"), model=qsac.load(random_model(1)))
    assert report.findings[0].title == "the artifact is of another model"


def test_a_circuit_too_wide_to_be_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qsac.simulation.statevector.WIDTH_LIMIT", 3)
    report = _checked(copy.deepcopy(HONEST))
    assert (report.ok, report.exit_code, report.compared) == (True, 3, None)
    assert report.too_wide
    assert _checked(copy.deepcopy(HONEST), simulate=False).exit_code == 0
    broken = copy.deepcopy(HONEST)
    broken["stats"]["depth"] = 1
    assert _checked(broken).exit_code == 1


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"qsac": 1}', b'{"qsac_artifact": 2}', b'{"qsac_artifact": true}']
)
def test_what_is_no_artifact_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        check_artifact(data, "file")


def test_sealing_again_does_not_verify() -> None:
    document = copy.deepcopy(HONEST)
    assert document["verified"]
    document["model"]["name"] = "other"
    again = json.loads(resealed(json.dumps(document).encode(), "file"))
    assert again["verified"] is None
    assert again["sha256"] == qsac.load(document["model"]).sha256
    Compiled.parse(json.dumps(again).encode(), "file")


def test_what_cannot_be_read_can_be_sealed() -> None:
    for broken in ({"model": None}, {"model": 7}, {"model": "tfim.json"}, {"circuits": []}):
        document = copy.deepcopy(HONEST) | broken
        text = resealed(json.dumps(document).encode(), "file")
        with pytest.raises(QsacError):
            Compiled.parse(text.encode(), "file")
    with pytest.raises(InvalidInputError, match="neither an artifact nor a template"):
        resealed(b"{}", "file")


def test_gates_in_another_order_are_named_where_a_budget_was_spent() -> None:
    document = _document(random_model(3), "h1", optimisation=3, error_budget=0.05, passes=CASCADES)
    assert document["stats"]["error_budget"]["spent"]
    document["circuits"][0]["circuit"]["commands"][:40] = document["circuits"][0]["circuit"]["commands"][:40][::-1]
    places = [finding.pointer for finding in _checked(document).findings]
    assert any(pointer.startswith("/circuits/0/circuit/commands/0/") for pointer in places)


def test_what_an_approximate_circuit_says_of_itself() -> None:
    report = qsac.verify(compiler.compile(EVOLVED, "h1", optimisation=3, error_budget=0.05, verify=True))
    (said,) = report.notes
    assert said.startswith("the circuit is approximate: an infidelity of at most 0.0")
    assert "its loss is off by " in said


@pytest.mark.parametrize("change", [{"model": 3}, {"simulate": "no"}, {"progress": 5}])
def test_arguments_are_checked(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        qsac.verify(compiler.compile(SMALL, "h2"), **change)


def test_a_model_may_be_a_dictionary() -> None:
    assert qsac.verify(compiler.compile(SMALL, "h2"), model=SMALL).ok


def test_of_another_model_what_it_is_called_is_said_last() -> None:
    other = {**SMALL, "name": "other", "attention": {**SMALL["attention"], "mask": "full"}}
    report = qsac.verify(compiler.compile(SMALL, "h2"), model=other)
    assert [finding.pointer for finding in report.findings] == ["/model/attention/mask", "/model/name"]
