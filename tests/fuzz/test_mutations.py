"""Mutations reach every place of a document in every way, and say truly where."""

from __future__ import annotations

import json
import random
from collections import Counter
from contextlib import suppress

import pytest

from qsac.errors import QsacError
from qsac.files.strict_json import parse
from tests.fuzz import plans, starts
from tests.fuzz.changes import RAW
from tests.fuzz.contract import Example
from tests.fuzz.mutations import Document, bytes_mutated, is_plain, mutated, resolved, shape_of, text_of, walk

DOCUMENT = {
    "list": [[0.5, 1, "0.25"] for _ in range(50)],
    "rare": {"deep": {"number": 3, "text": "line 1 of 2\nline 2 of 2", "flag": True, "nothing": None}},
}
WORDS = ("loss", "rare", "h1")


def mutants(count: int, **options):
    start, pick = Document("start", DOCUMENT), random.Random(5).randrange
    return [mutated(start, pick, WORDS, **options) for _ in range(count)]


def test_every_action_occurs_and_every_shape_is_reached_alike():
    made = mutants(4000, most=1)
    actions = {edit.action.split(" with ")[0] for mutant in made for edit in mutant.edits}
    assert actions == {
        *("delete", "duplicate", "retype", "swap", "alike", "exchange", "deepen", "edge", "perturb", "word", "text"),
        *("renumber", "line", "permute", "resize", "unknown field", "rename field"),
    }
    places = Counter(shape_of(mutant.edits[0].pointer) for mutant in made)
    shapes = {shape_of("".join(f"/{part}" for part in path)) for path, _, _ in walk(DOCUMENT)}
    assert set(places) == shapes
    # There are 150 entries in the list, and one number below "rare".
    assert places["/rare/deep/number"] > len(made) / 30


def test_an_edit_changes_its_place_and_no_other():
    changed = 0
    before = {path: value for path, _, value in walk(DOCUMENT)}
    for mutant in mutants(2000, most=1):
        (edit,) = mutant.edits
        touched = [edit.pointer, *edit.action.split(" with ")[1:]]
        touched += [place.rpartition("/")[0] for place in touched if edit.action in ("delete", "duplicate")]
        for path, value in before.items():
            pointer = "".join(f"/{part}" for part in path)
            inside = any(pointer.startswith(place) or place.startswith(pointer) for place in touched)
            if not inside:
                assert resolved(mutant.document, path) == (value,), (edit, pointer)
        changed += mutant.document != DOCUMENT
    assert changed > 1700
    assert {path: value for path, _, value in walk(DOCUMENT)} == before, "the document to start from was changed"


def test_the_same_choices_make_the_same_mutants():
    one, other = ([text_of(mutant.document) for mutant in mutants(300)] for _ in range(2))
    assert one == other
    assert len(set(one)) > 200


def shapes_of(document):
    return {tuple("*" if isinstance(part, int) else part for part in shape) for _, shape, _ in walk(document)}


def test_edits_that_fit_keep_the_types():
    kept = 0
    for mutant in mutants(500, most=1, fitting=True):
        kept += shapes_of(mutant.document) <= shapes_of(DOCUMENT)
    # A place of which there is no other and that nothing fits gets another type: 5 of the 12 shapes here.
    assert kept > 250


def test_texts_hold_what_no_python_value_is_written_as():
    texts = [text_of(mutant.document) for mutant in mutants(6000)]
    for raw in (raw for raw in RAW if len(raw) > 3):
        assert any(f":{raw}".encode() in text or f",{raw}".encode() in text for text in texts), raw[:20]
    assert any(text.count(b'"deep":') == 2 for text in texts), "no field is given twice"
    assert not any(b"@raw:" in text or b"@again:" in text for text in texts)


def test_a_plain_document_is_what_its_text_says():
    plain = [mutant.document for mutant in mutants(2000) if is_plain(mutant.document)]
    assert len(plain) > 1000
    for document in plain:
        with suppress(QsacError):  # nested too deeply: refused, and not read as something else
            assert parse(text_of(document), "text") == document


@pytest.mark.parametrize("data", [b"", b"a", b"some bytes"])
def test_bytes_of_any_length_are_changed(data):
    pick = random.Random(1).randrange
    made = [bytes_mutated(data, pick)[0] for _ in range(200)]
    assert len(set(made)) > 2


def test_what_mutations_start_from_is_accepted_and_of_every_kind():
    assert {model["attention"]["kernel"]["type"] for model in starts.MODELS.values()} == {
        *("monomial", "polynomial", "softmax-taylor"),
    }
    assert {made.model.readout.type for made in starts.compiled()} == {
        *("loss", "predict", "overlaps", "next-token", "state-fidelity"),
    }
    attentions = [made.model for made in starts.compiled() if made.model.section == "attention"]
    assert {model.mask for model in attentions} == {"causal", "full"}
    assert any(len(made.circuits) > 1 for made in starts.compiled())
    assert {made.target["kind"] for made in starts.compiled()} == {"device", "exact", "shots"}
    assert any(made.target["coupling"] for made in starts.compiled())
    assert len(starts.words()) > 200
    assert all(json.dumps(start.document) for start in (*starts.artifacts(), *starts.templates(), *starts.machines()))
    assert {plan["action"] for plan in plans.PLANS.values()} == {"compile", "estimate", "run"}
    for start in plans.DOCUMENTS:
        assert plans.done(Example(start.name, text_of(start.document), ())) == "accepted", start.name
