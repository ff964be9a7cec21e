"""A template is what its model, target and options compile to, or it is refused."""

import copy
import json
from typing import Any

import pytest

import qsac
from qsac.checking import check_template, resealed
from qsac.errors import InvalidInputError
from qsac.templates.file import parts
from qsac.templates.template import Template, template
from tests.checking.test_artifacts import SMALL
from tests.strategies import random_model

HONEST: dict[str, Any] = json.loads("".join(parts(template(SMALL, "h2"))))


@pytest.mark.parametrize("seed", [0, 1, 3, 5, 21])
@pytest.mark.parametrize("options", [{}, {"prefer": "depth"}])
def test_what_was_compiled_passes(seed: int, options: dict[str, Any]) -> None:
    assert qsac.verify(template(random_model(seed), "h2", **options)).ok


def test_a_template_without_folding_passes() -> None:
    assert qsac.verify(template(SMALL, "h2", fold=False)).ok


def _line(text: str, start: str, change: Any) -> str:
    lines = text.split("\n")
    place = next(index for index, line in enumerate(lines) if line.startswith(start))
    return "\n".join([*lines[:place], *change(lines[place]), *lines[place + 1 :]])


@pytest.mark.parametrize(
    ("field", "start", "pointer"),
    [("ir", "table", "/ir"), ("blocks", "op ", "/blocks"), ("ir", "op load-tokens", "/ir")],
)
def test_changed_programs_are_found(field: str, start: str, pointer: str) -> None:
    document = copy.deepcopy(HONEST)
    document[field] = _line(document[field], start, lambda line: [])
    report = check_template(resealed(json.dumps(document).encode(), "file").encode(), "file")
    assert report.exit_code == 1
    assert pointer in [finding.pointer for finding in report.findings]


def test_numbers_that_a_binding_replaces_are_compared_too() -> None:
    document = copy.deepcopy(HONEST)
    document["ir"] = _line(document["ir"], "table", lambda line: [line.replace("0.", "0.1", 1)])
    text = resealed(json.dumps(document).encode(), "file").encode()
    report = check_template(text, "file")
    assert report.findings[0].pointer in ("/ir", "/blocks")


def test_blocks_that_are_not_those_of_the_program_are_refused(tmp_path: Any) -> None:
    document = copy.deepcopy(HONEST)
    lines = document["blocks"].split("\n")
    place = next(index for index, line in enumerate(lines) if line.startswith("op multiplexor"))
    document["blocks"] = "\n".join(lines[:place] + lines[place + 1 :])
    (tmp_path / "shape").write_text(resealed(json.dumps(document).encode(), "file"))
    with pytest.raises(InvalidInputError, match="the template is damaged"):
        Template.load(tmp_path / "shape")


def test_an_accidental_change_is_told(tmp_path: Any) -> None:
    document = copy.deepcopy(HONEST)
    document["model"]["tokens"]["values"][0][0] = 0.25
    (tmp_path / "shape").write_text(json.dumps(document))
    with pytest.raises(InvalidInputError, match="digest does not match"):
        Template.load(tmp_path / "shape")
    report = qsac.verify(tmp_path / "shape")
    assert [finding.pointer for finding in report.findings][:2] == ["/digest", "/sha256"]


def test_a_template_of_another_mask_is_not_bound(tmp_path: Any) -> None:
    """Its program is that of the old mask: without verification a binding would be silently wrong."""
    document = copy.deepcopy(HONEST)
    document["model"]["attention"]["mask"] = "full"
    (tmp_path / "shape").write_text(resealed(json.dumps(document).encode(), "file"))
    with pytest.raises(InvalidInputError, match="what the model, the target and the options compile to"):
        Template.load(tmp_path / "shape")
