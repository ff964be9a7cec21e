"""Each gate of a page has an origin, and those of the ops add up to the circuit: fifty programs of both families."""

from collections.abc import Iterator

import numpy as np
import pytest

import qsac
from qsac.families.contract import Model
from qsac.families.registry import family
from qsac.views.page.collecting import collected
from tests.views.page.test_page import unpacked

ARTIFACTS = 50


def models() -> Iterator[tuple[Model, str]]:
    """The families' own examples for both kinds of machines, then small tokens by chance until there are enough."""
    examples = [model for section in ("attention", "transformer") for model in family(section).examples()]
    for model in examples:
        yield model, "h2"
    for model in examples[::6]:
        yield model, "ibm-fez"
    random = np.random.default_rng(0)
    for number in range(ARTIFACTS):
        context = 1 + number % 4
        tokens = random.normal(size=(context + 1, 2))
        kernel = {"type": "polynomial", "coefficients": random.normal(size=2 + number % 2).tolist()}
        same = {"type": "identity"}
        attention = {"type": "overlap", "mask": "causal", "kernel": kernel, "value": same, "score": same}
        values = {"type": "inline", "values": tokens.tolist()}
        model = qsac.load({"qsac": 1, "name": f"random-{number}", "tokens": values, "attention": attention})
        yield model, "ibm-fez" if number % 4 == 0 else "h2"


@pytest.fixture(scope="module")
def artifacts() -> list[qsac.Compiled]:
    found = []
    for model, target in models():
        level = 1 if target == "ibm-fez" else 2
        found.append(qsac.compile(model, target, optimisation=level, verify=False))
        if len(found) == ARTIFACTS:
            break
    return found


def test_every_gate_has_an_origin_and_the_sums_are_the_counts(
    artifacts: list[qsac.Compiled], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qsac.views.page import collecting

    monkeypatch.setattr(collecting, "stage_data", lambda *_, **__: None)  # neither compiled again nor compared here
    monkeypatch.setattr(collecting, "verification_data", lambda *_: None)
    gates = routed = several = 0
    for compiled in artifacts:
        data = collected(compiled)
        for place, (shown, circuit) in enumerate(zip(data["circuits"], compiled.circuits, strict=True)):
            groups = unpacked(data["blobs"][f"{place}.group"])
            assert len(groups) == len(circuit)
            assert all(shown["sets"][group] for group in set(groups.tolist()))
            assert all(op["field"] for ids in shown["sets"] for op in (shown["ops"][number] for number in ids))
            one, two = np.array(shown["counts"]).sum(axis=0).tolist()
            assert (one, two) == (circuit.one_qubit_gates, circuit.two_qubit_gates)
            gates += len(circuit)
        routed += data["device"] is not None
        several += len(data["circuits"]) > 1
    assert len(artifacts) == ARTIFACTS
    assert {compiled.model.section for compiled in artifacts} == {"attention", "transformer"}
    assert gates > 4_000
    assert routed >= 5
    assert several >= 1
