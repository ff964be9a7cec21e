"""What targets of other packages get wrong costs them, and is named."""

from __future__ import annotations

import json

import numpy as np
import pytest

import qsac
from qsac import plugins
from qsac.cli.main import run
from qsac.compiler import compilation as compiler
from qsac.errors import ExtensionError
from qsac.machine import registry
from tests.families.models import with_values

TOO_WIDE = with_values(np.eye(100, 512).tolist())

WANTING = {
    "contradicts": "contradicts itself",
    "no-licence": "no licence",
    "leaves": "SystemExit: 3",
    "none": "a Target whose name is 'none'",
    "lists": "tuples in place of lists",
    "few-gates": "SX, X, Rz",
    "text-qubits": "whole number of qubits",
    "odd-rates": "error rates from 0 to 1",
    "unsorted": "a < b",
}


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(("name", "message"), WANTING.items())
def test_what_a_target_gets_wrong_is_its_packages_fault(name: str, message: str) -> None:
    with pytest.raises(ExtensionError, match=f"the target '{name}' of elsewhere 1.2") as caught:
        registry.target(name)
    assert message in str(caught.value)
    assert caught.value.exit_code == 4


@pytest.mark.usefixtures("elsewhere")
def test_broken_targets_do_not_keep_others_from_being_found(capfd: pytest.CaptureFixture[str]) -> None:
    assert registry.target("roomy").qubits == 60
    with pytest.warns(plugins.BrokenExtensionWarning) as caught:
        names = [target.name for target in registry.usable_targets()]
    assert "roomy" in names
    assert not set(names) & set(WANTING)
    assert len(caught) == len(WANTING)
    assert run(["targets"]) == 0
    captured = capfd.readouterr()
    assert captured.out.count(" broken ") == len(WANTING)
    for name in WANTING:
        assert f"the target '{name}' of elsewhere 1.2" in captured.err
    assert run(["targets", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capfd.readouterr().out)}
    assert {name for name, each in listed.items() if "broken" in each} == set(WANTING)
    assert {each["package"] for each in listed.values() if "broken" in each} == {"elsewhere 1.2"}
    assert run(["targets", "few-gates"]) == 4


@pytest.mark.usefixtures("elsewhere")
def test_a_model_that_does_not_fit_is_told_of_targets_that_can_be_used() -> None:
    with (
        pytest.warns(plugins.BrokenExtensionWarning) as told,
        pytest.raises(qsac.QsacError, match="does not fit h1") as caught,
    ):
        compiler.compile(TOO_WIDE, "h1", optimisation=0)
    assert len(told) == len(WANTING)
    assert "large enough are" in str(caught.value.help)
