"""The page as a file: the same bytes each time, small, and nothing in it that an artifact could make act."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import qsac
from qsac.errors import DoesNotFitError
from qsac.families.registry import family_of
from qsac.native.circuit import KIND, NativeCircuit
from qsac.views.page import collecting, stages
from qsac.views.page.collecting import collected
from qsac.views.page.columns import Packed
from qsac.views.page.devices import followed, moves
from qsac.views.page.writing import BEGINNING, page, script
from tests.bench.cases import Case
from tests.cases import some
from tests.pipelines import CASCADES
from tests.views.page.conftest import EXAMPLES

EVIL = "</script><img src=x onerror=alert(1)>"
TYPES = {"u1": "<u1", "u2": "<u2", "i4": "<i4", "f4": "<f4"}


def unpacked(column: Packed) -> Any:
    kind, text = column
    data = gzip.decompress(base64.b64decode(text))
    return json.loads(data) if kind == "json" else np.frombuffer(data, TYPES[kind])


def data_of(text: str) -> dict[str, Any]:
    """What stands in the page's block of data."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


class Tags(HTMLParser):
    """The tags of a document and their attributes, what is between script tags left out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_same_program_gives_the_same_bytes(demo: qsac.Compiled, tmp_path: Any) -> None:
    demo.save(tmp_path / "demo.qsac.json")
    again = qsac.Compiled.load(tmp_path / "demo.qsac.json")
    text = "".join(page(demo))
    assert text == "".join(page(again))
    assert text.startswith(BEGINNING)


def test_the_demo_is_small(demo: qsac.Compiled, routed: qsac.Compiled) -> None:
    assert len("".join(page(demo)).encode()) < 500_000
    assert len("".join(page(routed)).encode()) < 500_000


def test_the_policy_allows_its_own_code_and_nothing_else(small: qsac.Compiled) -> None:
    text = "".join(page(small))
    tags = Tags(text).tags
    policy = next(attributes["content"] for tag, attributes in tags if attributes.get("http-equiv"))
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert f"<script>{script()}</script>" in text
    assert "unsafe" not in policy
    assert {tag for tag, _ in tags} == {"html", "head", "meta", "title", "style", "body", "noscript", "script"}
    assert not any(name.startswith("on") or name in ("src", "href") for _, attributes in tags for name in attributes)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function", own_code())


def own_code() -> str:
    """The page's code without the bundle of d3, which uses innerHTML where it is asked to."""
    return script().partition('"use strict";\n')[2]


def test_texts_of_an_artifact_stay_texts(small: qsac.Compiled) -> None:
    target = {**small.target, "name": "mine", "description": EVIL}
    evil = replace(small, model=replace(small.model, name=EVIL), target=target)
    text = "".join(page(evil))
    assert EVIL not in text
    assert "<img" not in text
    assert [tag for tag, _ in Tags(text).tags].count("script") == 2
    data = data_of(text)
    assert data["head"]["name"] == EVIL
    assert data["head"]["target"]["description"] == EVIL


def test_marks_that_cannot_be_seen_are_shown(small: qsac.Compiled) -> None:
    text = "".join(page(replace(small, model=replace(small.model, name="a\u202eb\x1b"))))
    assert data_of(text)["head"]["name"] == r"a\u202eb\x1b"
    assert "\u202e" not in text


def test_columns_are_those_of_the_circuit(demo: qsac.Compiled) -> None:
    data = data_of("".join(page(demo)))
    circuit, blobs = demo.circuits[0], data["blobs"]
    assert unpacked(blobs["0.kind"]).tolist() == circuit.kind.tolist()
    assert unpacked(blobs["0.first"]).tolist() == circuit.first.tolist()
    assert (unpacked(blobs["0.second"]).astype(int) - 1).tolist() == circuit.second.tolist()
    assert np.allclose(unpacked(blobs["0.angle"]), circuit.angles[:, 0], atol=1e-6)
    steps = unpacked(blobs["0.step"])
    assert steps.max() + 1 == demo.stats["depth"]
    sets = data["circuits"][0]["sets"]
    wanted = {place: ids for first, last, ids in circuit.groups for place in range(first, last + 1)}
    assert [tuple(sets[place]) for place in unpacked(blobs["0.group"])] == [wanted[i] for i in range(len(circuit))]


def test_numbers_are_counted_not_believed(demo: qsac.Compiled) -> None:
    claimed: Any = {**demo.stats, "two_qubit_gates": 3, "error_free_probability": 0.999, "cost": None}
    stats = collected(replace(demo, stats=claimed))["head"]["stats"]
    assert stats["twoQubit"] == demo.circuits[0].two_qubit_gates
    assert stats["esp"] == pytest.approx(demo.stats["error_free_probability"])
    assert stats["cost"] == demo.stats["forecast"]["cost"]


def test_error_rates_that_are_not_the_targets_are_not_believed(demo: qsac.Compiled) -> None:
    rates = {**demo.target["errors"], "two_qubit": 1e-9}
    head = collected(replace(demo, target={**demo.target, "errors": rates}))["head"]
    assert head["stats"]["esp"] == pytest.approx(demo.stats["error_free_probability"])
    assert head["target"]["changed"] is True
    assert collected(demo)["head"]["target"]["changed"] is False


def test_stages_are_compiled_again_and_end_in_the_artifacts_program(demo: qsac.Compiled) -> None:
    data = collected(demo)
    (part,) = data["stages"]["circuits"]
    lines = unpacked(data["blobs"]["lines"])
    texts = {
        stage["name"]: "\n".join(lines[place] for place in unpacked(data["blobs"][stage["blob"]]))
        for stage in part["stages"]
    }
    assert part["same"] is True
    assert texts["rotate-ladders"] + "\n" == demo.ir
    assert "apply-unitary" in texts["select-indices"]
    assert "apply-unitary" not in texts["fold-unitaries"]
    assert texts["gates"].count("ZZPhase(") == demo.stats["two_qubit_gates"]
    counts = [(one["before"], one["after"]) for one in part["passes"]]
    assert counts == [tuple(one["two_qubit_gates"]) for one in demo.stats["passes"]]
    # Routing and what comes after it has no text, and is not done again.
    assert all(one["recomputed"] == (one["level"] != "circuit") for one in part["passes"])
    assert part["madeBy"][0] == "build"
    assert part["madeBy"][4] == "rotate-ladders"
    assert part["mergedBy"] == []


@pytest.mark.parametrize("case", some([Case(3, 4, complex=True), Case(6, 8)], 2))
def test_stages_are_those_of_the_ladders_that_were_taken(case: Case) -> None:
    """On a coupling graph others may be than those of the pipeline that was asked for."""
    compiled = qsac.compile(case.model(), "ibm-nighthawk", verify=False)
    (part,) = collected(compiled)["stages"]["circuits"]
    ladders = next(one for one in part["passes"] if one["name"] == "rotate-ladders")
    recorded = next(one for one in compiled.stats["passes"] if one["name"] == "rotate-ladders")
    assert [ladders["before"], ladders["after"]] == recorded["two_qubit_gates"]
    assert ladders["after"] < ladders["before"]
    assert part["same"] is True


def test_passes_that_made_something_are_named() -> None:
    compiled = qsac.compile(EXAMPLES / "tfim.json", "h2", passes=CASCADES, verify=False)
    (part,) = collected(compiled)["stages"]["circuits"]
    assert part["madeBy"][4] == "fold-unitaries"
    assert part["mergedBy"] == ["merge-diagonals"]


def test_what_is_large_is_not_compiled_again(demo: qsac.Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "GATES_AGAIN", 100)
    data = collected(demo)["stages"]
    assert "100 gates" in data["reason"]
    assert [stage["name"] for stage in data["circuits"][0]["stages"]] == ["final"]
    assert data["circuits"][0]["madeBy"] is None


def test_times_stand_there_only_if_asked_for(small: qsac.Compiled) -> None:
    assert collected(small)["stages"]["milliseconds"] is None
    measured = collected(small, timings=True)["stages"]["milliseconds"]
    assert {"lower", "fold-unitaries"} <= measured.keys()


def test_too_many_gates_are_refused_before_they_are_packed(
    small: qsac.Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "GATES", len(small.circuits[0]) - 1)
    monkeypatch.setattr(collecting, "circuit_data", None)
    with pytest.raises(DoesNotFitError) as caught:
        "".join(page(small))
    assert caught.value.code == "capacity.page-too-large"
    assert caught.value.pointer == "/circuits"


def test_a_circuit_that_differs_from_its_model_is_said_to(small: qsac.Compiled) -> None:
    circuit = small.circuits[0]
    angles = circuit.angles.copy()
    angles[np.flatnonzero(circuit.paired)[0], 0] += 0.1
    wrong = replace(small, circuits=(replace(circuit, angles=angles),))
    checked = collected(wrong)["verification"]["checked"]
    assert checked["findings"]
    assert collected(small)["verification"]["checked"]["findings"] == []


def test_maps_of_scores_leave_out_what_the_mask_leaves_out(demo: qsac.Compiled) -> None:
    data = collected(demo)
    tokens, scores = (unpacked(data["blobs"][one["blob"]]) for one in data["model"]["maps"])
    assert tokens.reshape(9, 4).sum(axis=1) == pytest.approx(1, abs=1e-6)
    matrix = scores.reshape(8, 8)
    assert (matrix[np.triu_indices(8, 1)] == -1).all()
    assert np.diag(matrix) == pytest.approx(1, abs=1e-6)
    assert (matrix[np.tril_indices(8)] >= 0).all()


def test_a_plan_of_several_circuits_has_all_of_them(several: qsac.Compiled) -> None:
    data = collected(several)
    assert [one["name"] for one in data["circuits"]] == ["position-1", "position-2"]
    assert [sorted(step)[0] for step in data["plan"]] == ["circuit", "circuit", "inputs"]
    assert data["model"]["maps"][0]["rowLabels"] == ["a", "<b>", "a"]
    assert len(family_of(several.model).plan(several.model).circuits) == 2


def test_notebooks_show_the_page_in_a_frame_of_its_own(small: qsac.Compiled, tmp_path: Any) -> None:
    shown = small.view()
    assert shown.html == "".join(page(small))
    ((tag, attributes),) = Tags(shown._repr_html_()).tags
    assert tag == "iframe"
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["srcdoc"] == shown.html
    assert len(repr(shown)) < 120
    shown.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == shown.html


def moved(kinds: list[tuple[str, int, int]], final: tuple[int, ...]) -> Any:
    """What is found of a circuit of these gates, whose qubits are moved from 0, 1, 2 to ``final``."""
    table = np.array([[KIND[name], first, second] for name, first, second in kinds])
    return moves(
        NativeCircuit(
            name="moved",
            qubits=(("node", 0), ("node", 1), ("node", 2)),
            bits=(),
            kind=table[:, 0].astype(np.int8),
            first=table[:, 1].astype(np.int32),
            second=table[:, 2].astype(np.int32),
            angles=np.zeros((len(kinds), 2)),
            initial_map=(0, 1, 2),
            final_map=final,
        )
    )


def test_swaps_are_told_from_interactions() -> None:
    swap = [("CX", 0, 1), ("CX", 1, 0), ("CX", 0, 1)]
    found = moved([*swap, ("CX", 1, 2)], (1, 0, 2))
    assert found.move.tolist() == [1, 1, 1, 0]
    assert found.swaps == [(2, 0, 1)]
    merged = moved([("CX", 1, 2), ("CX", 2, 1), ("SX", 0, -1), ("CX", 0, 1)], (0, 2, 1))
    assert merged.move.tolist() == [2, 2, 0, 0]
    assert followed((0, 1, 2), merged.swaps) == (0, 2, 1)
    apart = moved([("CX", 0, 1), ("CX", 1, 2), ("CX", 0, 1), ("X", 0, -1), ("CX", 0, 1)], (0, 1, 2))
    assert apart.swaps == []


def test_moves_of_a_routed_circuit_lead_to_its_final_map(routed: qsac.Compiled) -> None:
    circuit = routed.circuits[0]
    found = moves(circuit)
    assert followed(circuit.initial_map, found.swaps) == circuit.final_map
    assert found.move.shape == (len(circuit),)
    assert collected(routed)["device"]["circuits"][0]["followed"] is True
