"""What a replay compares, by either level: texts as the two sides might write them."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.replay.compare import Answer, Difference, changed_count, compare, is_worse
from tests.replay.renames import RENAMES, Renames
from tests.replay.sides import passes_of

NONE = Renames()


def _artifact(**changes: Any) -> dict[str, Any]:
    command_ = {"op": {"type": "Rz", "params": ["0.25"]}, "args": [["q", [0]]]}
    document = {
        "qsac_artifact": 1,
        "model": {"name": "drop-controls", "kernel": {"type": "observe"}},
        "producer": {"qsac": "0.1.0", "python": "3.11"},
        "options": {"passes": "drop-controls,merge-diagonals{x=1}", "seed": 0},
        "ir": 'qsac-ir 1\nregister power[0] 1\nop observe registers=["power[0]"] quantity="drop" # /tokens\n',
        "circuits": [
            {
                "circuit": {"phase": "0.0", "bits": [["power_0", [0]]], "commands": [command_]},
                "groups": [[0, 1, "observe"]],
            }
        ],
        "stats": {
            "qubits": 2,
            "lam": 0.1 + 0.2,
            "passes": [{"name": "drop-controls"}],
            "allocation": {"power[0]": ["q"]},
        },
        "digest": "0" * 64,
    }
    return document | changes


def _compared(base: Any, tree: Any, level: str, renames: Renames = NONE, kind: str = "artifact") -> Difference | None:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in (base, tree)]
    return compare(kind, Answer(0, texts[0], ""), Answer(0, texts[1], ""), level, renames)


def test_seals_are_not_compared() -> None:
    other = _artifact(digest="1" * 64, producer={"qsac": "0.2.0", "python": "3.13", "more": "1"})
    template = ({"qsac_template": 1, "compiler": "0.1.0"}, {"qsac_template": 1, "compiler": "0.1.1"})
    for level in ("bytes", "meaning"):
        assert _compared(_artifact(), other, level) is None
        assert _compared(*template, level, kind="template") is None
    difference = _compared(_artifact(), _artifact(sha256="1"), "meaning")
    assert difference == Difference("/sha256", "absent", "'1'")


def test_bytes_see_what_meaning_does_not() -> None:
    rounded = json.loads(json.dumps(_artifact()))
    rounded["stats"]["lam"] = 0.3
    rounded["circuits"][0]["circuit"]["commands"][0]["op"]["params"] = ["-3.7500000000001"]
    found = _compared(_artifact(), rounded, "bytes")
    assert found is not None
    assert found.place == "/circuits/0/circuit/commands/0/op/params/0"
    assert _compared(_artifact(), rounded, "meaning") is None
    spaced = json.dumps(_artifact(), indent=1)
    found = _compared(_artifact(), spaced, "bytes")
    assert found is not None
    assert "another form" in found.place
    assert _compared(_artifact(), spaced, "meaning") is None
    reordered = dict(reversed(_artifact().items()))
    assert _compared(_artifact(), reordered, "bytes") is not None
    assert _compared('{"a": 1.0}', '{"a": 1.00}', "bytes") == Difference("/a", "1.0", "1.00")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"stats": _artifact()["stats"] | {"qubits": 3}}, "/stats/qubits"),
        ({"stats": _artifact()["stats"] | {"lam": 0.3 + 1e-7}}, "/stats/lam"),
        ({"stats": {name: value for name, value in _artifact()["stats"].items() if name != "lam"}}, "/stats/lam"),
        ({"options": {"passes": "drop-controls", "seed": 0}}, "/options/passes"),
        ({"ir": _artifact()["ir"].replace("observe", "look")}, "/ir, line 3"),
        ({"ir": _artifact()["ir"] + "op\n"}, "/ir, line 4"),
        ({"circuits": []}, "/circuits/0"),
        ({"model": {"name": "drop-controls", "kernel": {"type": "look"}}}, "/model/kernel/type"),
    ],
)
def test_what_matters_is_found_by_either_level(changes: dict[str, Any], place: str) -> None:
    for level in ("bytes", "meaning"):
        found = _compared(_artifact(), _artifact(**changes), level)
        assert found is not None
        assert found.place == place


def test_of_long_texts_the_place_that_differs_is_shown() -> None:
    found = _compared({"a": "x" * 500 + "y"}, {"a": "x" * 500 + "z"}, "meaning")
    assert found == Difference("/a from character 470", repr("x" * 30 + "y"), repr("x" * 30 + "z"))
    found = _compared("x" * 500, "x" * 500 + "z", "bytes", kind="qir")
    assert found == Difference("line 1 from character 470", repr("x" * 30), repr("x" * 30 + "z"))


def test_another_angle_qubit_or_gate_is_found_in_meaning() -> None:
    for change in (
        {"op": {"type": "Rz", "params": ["2.25"]}},
        {"args": [["q", [1]]]},
        {"op": {"type": "X", "params": []}},
    ):
        other = json.loads(json.dumps(_artifact()))
        other["circuits"][0]["circuit"]["commands"][0].update(change)
        found = _compared(_artifact(), other, "meaning")
        assert found is not None
        assert found.place.startswith("/circuits/0/circuit/commands/0/")


def test_renames_are_carried_out_where_qsac_names_things_and_nowhere_else() -> None:
    renames = Renames(
        ops={"observe": "save-probabilities"},
        passes={"drop-controls": "omit-controls"},
        registers={"power": "degree"},
        fields={"quantity": "what", "seed": "start", "/circuits/*/groups": None},
    )
    renamed = _artifact(
        options={"passes": "omit-controls,merge-diagonals{x=1}", "start": 0},
        ir='qsac-ir 1\nregister degree[0] 1\nop save-probabilities registers=["degree[0]"] what="drop" # /tokens\n',
        stats=_artifact()["stats"] | {"passes": [{"name": "omit-controls"}], "allocation": {"degree[0]": ["q"]}},
        circuits=[{"circuit": _artifact()["circuits"][0]["circuit"] | {"bits": [["degree_0", [0]]]}, "ops": 1}],
    )
    assert _compared(_artifact(), renamed, "bytes", renames) is not None
    assert _compared(_artifact(), renamed, "meaning", renames) == Difference("/circuits/0/ops", "absent", "1")
    more = Renames(renames.ops, renames.passes, renames.registers, {**renames.fields, "ops": None})
    assert _compared(_artifact(), renamed, "meaning", more) is None
    # names of the user's are not qsac's
    found = _compared(_artifact(), renamed | {"model": {"name": "omit-controls"}}, "meaning", more)
    assert found is not None
    assert found.place.startswith("/model/")
    # a rename that was not carried out is a difference too
    assert _compared(_artifact(), _artifact(), "meaning", renames) is not None


def test_what_a_commit_does_not_have_yet_is_not_compared_with_it_and_with_later_ones_it_is() -> None:
    renames = Renames({"observe": "look"}, added={"ops": ("/circuits/*/groups",)}, added_attributes=("sources",))
    old, new = (
        _artifact(),
        json.loads(json.dumps(_artifact(ops=[{"id": 0, "kind": "look"}])).replace("observe r", "look r")),
    )
    new["circuits"][0]["groups"] = [[0, 0, [0]]]
    assert _compared(old, new, "meaning", renames) is None
    later = new | {"ops": [{"id": 0, "kind": "observe"}]}
    assert _compared(later, new, "meaning", renames) is None
    other = json.loads(json.dumps(new))
    other["circuits"][0]["groups"] = [[0, 0, [1]]]
    found = _compared(later, other, "meaning", renames)
    assert found is not None
    assert found.place == "/circuits/0/groups/0/2/0"
    found = _compared(later, new | {"ops": [{"id": 0, "kind": "other"}]}, "meaning", renames)
    assert found is not None
    assert found.place == "/ops/0/kind"


def test_attributes_of_blocks_that_a_commit_does_not_have_yet() -> None:
    renames = Renames(added_attributes=("sources",))
    text = 'op reset%s qubit="q[0]"%s\nop project # /tokens\n'
    old, new = {"ir": "op project # /tokens\n", "blocks": text % ("", " # /tokens")}, text % (" sources=[0,12]", "")
    assert _compared(old, {**old, "blocks": new}, "meaning", renames, "template") is None
    later = {**old, "blocks": new}
    for changed in (new.replace("12", "3"), new.replace("q[0]", "q[1]")):
        found = _compared(later, {**later, "blocks": changed}, "meaning", renames, "template")
        assert found is not None
        assert found.place == "/blocks, line 1"
    found = _compared(old, {**old, "blocks": new.replace("q[0]", "q[1]")}, "meaning", renames, "template")
    assert found is not None
    found = _compared(old, {**old, "ir": "op project # /readout\n"}, "meaning", renames, "template")
    assert found is not None
    assert found.place == "/ir, line 1"


def test_passes_are_renamed_for_a_commit_that_does_not_have_the_new_name() -> None:
    renames = Renames(passes={"stage-power": "stage-degree", "stagger": "alternate"})
    tree, both = {"stage-degree", "alternate", "park-keys"}, ("compile", "--passes", "stage-degree{x=1},alternate")
    for base, passed in (
        ({"stage-power", "stagger"}, "stage-power{x=1},stagger"),
        ({"stage-degree", "stagger"}, "stage-degree{x=1},stagger"),
        (tree, "stage-degree{x=1},alternate"),
    ):
        fitted = renames.of_passes(base, tree)
        assert fitted.old_arguments(both) == ["compile", "--passes", passed]
        assert fitted.later_passes == ({"park-keys"} - base)
        old = _artifact(options={"passes": passed})
        assert _compared(old, _artifact(options={"passes": both[-1]}), "meaning", fitted) is None


@pytest.mark.parametrize("kind", ["artifact", "of circuits", "template"])
def test_passes_that_a_commit_does_not_have_yet_are_left_out_of_pass_lists(kind: str) -> None:
    def made(*names: str, park: str = "") -> dict[str, Any]:
        listed = [{"name": name, "two_qubit_gates": [4, 4]} for name in names]
        of_kind: dict[str, dict[str, Any]] = {
            "artifact": {"stats": {"passes": listed}},
            "of circuits": {"stats": {"circuits": {"re": {"passes": listed}}}},
            "template": {"passes": listed},
        }
        named = (name + park if name == "park-keys" else name for name in names)
        return _artifact(options={"passes": ",".join(named)}) | of_kind[kind]

    old, new = made("drop-controls", "merge"), made("drop-controls", "park-keys", "merge", park="{x=1,y=merge}")
    earlier = Renames().of_passes({"drop-controls", "merge"}, {"drop-controls", "merge", "park-keys"})
    later = Renames().of_passes({"drop-controls", "merge", "park-keys"}, {"drop-controls", "merge", "park-keys"})
    assert _compared(old, new, "meaning", earlier) is None
    assert _compared(new, new, "meaning", later) is None
    for base, tree, renames in (
        (old, new, later),
        (old, new, NONE),
        (old, made("merge", "park-keys", "drop-controls"), earlier),
        (old, made("drop-controls", "park-keys"), earlier),
    ):
        found = _compared(base, tree, "meaning", renames)
        assert found is not None
        assert found.place == "/options/passes"
    counted = json.loads(json.dumps(new).replace("[4, 4]", "[4, 3]"))
    found = _compared(old, counted, "meaning", earlier)
    assert found is not None
    assert found.place.endswith("passes/0/two_qubit_gates/1")


def test_the_passes_of_a_commit_are_its_files(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for name in ("attention/park_keys.py", "attention/_tables.py", "__init__.py", "circuit/route.py"):
        file = repository / "passes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (repository / "tests" / "passes").mkdir(parents=True)
    (repository / "tests" / "passes" / "test_route.py").touch()
    git = ("git", "-C", str(repository), "-c", "user.name=replay", "-c", "user.email=replay@localhost")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-q", "--no-gpg-sign", "-m", "passes")):
        subprocess.run([*git, *arguments], check=True)
    (repository / "passes" / "circuit" / "route.py").unlink()
    (repository / "passes" / "circuit" / "merge.py").touch()
    assert passes_of(repository, "HEAD") == {"park-keys", "route"}
    assert passes_of(repository) == {"park-keys", "merge"}


def test_names_may_change_places_and_parts_of_words_are_none() -> None:
    swapped = Renames(ops={"load": "store", "store": "load"})
    assert (
        swapped.in_ir("op load x=load-tokens\nop store preload load[1]")
        == "op store x=load-tokens\nop load preload store[1]"
    )
    assert Renames(passes={"old": "new"}).old_arguments(["new", "--passes", "new,other{new=1}"]) == [
        "new",
        "--passes",
        "old,other{old=1}",
    ]
    assert RENAMES.in_ir("op observe") == "op observe" or "observe" in RENAMES.ops


OLD_RESULTS: dict[str, dict[str, Any]] = {
    "loss": {"metrics": {"loss": 0.5}, "standard_errors": {"loss": 0.1}},
    "exact": {"predictions": {"over": "basis", "probabilities": [0.25, None], "standard_errors": []}},
    "shots": {"predictions": {"over": "basis", "probabilities": [0.25, None], "standard_errors": [0.1, None]}},
    "scores": {"overlaps": {"re": [[1.0]], "im": [[0.0]], "standard_errors": {"re": [[0.1]], "im": [[0.2]]}}},
}
NEW_RESULTS: dict[str, dict[str, Any]] = {
    "loss": {"metrics": {"loss": 0.5}, "standard_errors": {"loss": 0.1}, "values": {}, "value_errors": {}},
    "exact": {"values": {"predictions": {"over": "basis", "probabilities": [0.25, None]}}, "value_errors": {}},
    "shots": {
        "values": {"predictions": {"over": "basis", "probabilities": [0.25, None]}},
        "value_errors": {"predictions": {"probabilities": [0.1, None]}},
    },
    "scores": {
        "values": {"overlaps": {"re": [[1.0]], "im": [[0.0]]}},
        "value_errors": {"overlaps": {"re": [[0.1]], "im": [[0.2]]}},
    },
}


@pytest.mark.parametrize("kind", OLD_RESULTS)
def test_results_are_compared_wherever_their_parts_have_moved(kind: str) -> None:
    old, new = OLD_RESULTS[kind], NEW_RESULTS[kind]
    for base in (old, new):
        assert _compared(base, new, "meaning", RENAMES, "results") is None
    assert _compared(old, new, "meaning", NONE, "results") is not None
    changed = 0
    for path, number in _numbers(new):
        other = json.loads(json.dumps(new))
        inner = other
        for step in path[:-1]:
            inner = inner[step]
        for value in (number + 1e-7, None):
            inner[path[-1]] = value
            found = _compared(old, other, "meaning", RENAMES, "results")
            assert found is not None
            assert found.place == "/" + "/".join(map(str, path))
            changed += 1
    assert changed == {"loss": 4, "exact": 2, "shots": 4, "scores": 8}[kind]


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], float]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, entry in inner:
        yield from _numbers(entry, (*path, step))
    if isinstance(value, float):
        yield path, value


def test_what_was_left_where_it_was_is_found() -> None:
    both = NEW_RESULTS["shots"] | OLD_RESULTS["shots"]
    found = _compared(OLD_RESULTS["shots"], both, "meaning", RENAMES, "results")
    assert found is not None
    assert found.place == "/predictions"
    found = _compared(OLD_RESULTS["shots"], NEW_RESULTS["exact"], "meaning", RENAMES, "results")
    assert found is not None
    assert found.place == "/value_errors"


def test_texts_are_compared_by_their_numbers() -> None:
    qir = "call void @rz(double 0x3FF921FB54442D18, ptr null)\n"
    for kind, base, near, far in (
        ("qir", qir, qir.replace("D18,", "D19,"), qir.replace("3FF9", "3FFA")),
        ("qasm3", "rz(0.25) q[1];\n", "rz(0.25000000000001) q[1];\n", "rz(0.25) q[2];\n"),
        ("ir", "op a angle=1e-3\n", "op a angle=0.001\n", "op a angle=0.0011\n"),
    ):
        assert _compared(base, near, "meaning", kind=kind) is None
        for level, other in (("bytes", near), ("bytes", far), ("meaning", far), ("meaning", base + "x\n")):
            found = _compared(base, other, level, kind=kind)
            assert found is not None
            assert found.place.startswith("line ")


def test_refusals_are_compared() -> None:
    refused, other, done = Answer(2, None, "error: no\n"), Answer(2, None, "error: never\n"), Answer(0, "{}", "")
    assert compare("artifact", refused, refused, "bytes", NONE) is None
    assert compare("artifact", refused, other, "bytes", NONE) is not None
    assert compare("artifact", refused, other, "meaning", NONE) is None
    for level in ("bytes", "meaning"):
        assert compare("artifact", refused, done, level, NONE) is not None
        assert compare("artifact", done, Answer(0, None, ""), level, NONE) is not None


def test_of_counts_it_is_said_which_changed_and_whether_they_grew() -> None:
    def counted(gates: int | None, field: str = "stats") -> Answer:
        return Answer(0, json.dumps({} if gates is None else {field: {"two_qubit_gates": gates, "qubits": 3}}), "")

    assert changed_count("artifact", counted(9), counted(9)) is None
    assert changed_count("template", counted(None), counted(None)) is None
    assert changed_count("qasm2", Answer(0, "x q[0];", ""), Answer(0, "h q[0];", "")) is None
    fewer, more = (changed_count("estimate", counted(9, "counts"), counted(now, "counts")) for now in (8, 10))
    assert fewer == Difference("two_qubit_gates", "9", "8")
    assert more == Difference("two_qubit_gates", "9", "10")
    refused = changed_count("artifact", counted(9), Answer(2, None, "error: no\n"))
    assert refused is not None
    assert [is_worse(change) for change in (fewer, more, refused)] == [False, True, True]
    for written in (None, ""):
        assert changed_count("artifact", Answer(2, written, "no"), Answer(2, written, "never")) is None
