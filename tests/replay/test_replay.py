"""The replay in small: what it compares, by either level, and what it does with a commit, an interruption and a bug.

`make replay` does 300 models. Here a repository is made of the code as it is, so that changes to it can be replayed.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SMALL
from tests.replay import __main__ as command
from tests.replay.compare import Answer, Difference, compare
from tests.replay.plan import CONNECTED, COUPLED, KINDS, Job, Step, job
from tests.replay.renames import RENAMES, Renames
from tests.replay.replay import Found, Tally, answers, judged, restricted
from tests.replay.sides import ReplayError, commit_of

ROOT = Path(__file__).parents[2]
NONE = Renames()
ONE = Job(
    0,
    "small",
    {"model.json": json.dumps(SMALL)},
    (
        Step("artifact", ("compile", "model.json", "-q", "-o", "made.qsac.json"), "made.qsac.json"),
        Step("estimate", ("estimate", "model.json", "--json")),
        Step("ir", ("compile", "model.json", "-q", "--emit", "ir")),
    ),
)


def _git(root: Path, *arguments: str) -> str:
    author = (
        "-c",
        "user.name=replay",
        "-c",
        "user.email=replay@localhost",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "core.hooksPath=",
    )
    done = subprocess.run(["git", "-C", str(root), *author, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it is in a repository of its own, committed."""
    root = tmp_path_factory.mktemp("repository")
    for name in ("qsac", "passes", "targets"):
        shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    _git(root, "init", "--quiet", "--initial-branch=main")
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message=all of it")
    return root


def _changed(root: Path, name: str, old: str, new: str) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_three_models_are_alike_and_nothing_is_left(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", repository)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = _git(repository, "status", "--porcelain", "--ignored")
    assert command.main(["--base", "HEAD", "--models", "3"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["kind", "compared", "alike", "refused"]
    rows = {row.split()[0]: tuple(map(int, row.split()[1:3])) for row in said[1:-1]}
    expected = Counter(step.kind for number in range(3) for step in job(number).steps)
    assert rows == {kind: (count, count) for kind, count in expected.items()}
    assert said[-1].startswith("3 of 3 models alike by bytes, in ")
    assert list(tmp_path.iterdir()) == []
    assert _git(repository, "status", "--porcelain", "--ignored") == before
    assert _git(repository, "worktree", "list").count("\n") == 1


def test_another_name_and_another_count_are_found(repository: Path) -> None:
    changes = (
        ("qsac/ir/observe.py", '"observe"', '"save-probabilities"'),
        (
            "qsac/report/stats.py",
            '"measurements": circuit.count("Measure")',
            '"measurements": 1 + circuit.count("Measure")',
        ),
    )
    for change in changes:
        _changed(repository, *change)
    try:
        both = list(answers(repository, "HEAD", [ONE], NONE, 1))
    finally:
        _git(repository, "checkout", "--quiet", "--", ".")
    ((one, pairs),) = both
    assert one == ONE
    for level in ("bytes", "meaning"):
        found = judged(one, pairs, level, NONE)
        places = {step.kind: difference.place for step, difference in found.differences}
        assert re.fullmatch(r"/circuits/0/groups/\d+/2|/ir, line \d+", places["artifact"])
        assert re.fullmatch(r"line \d+", places["ir"])
        assert places["estimate"] == "/counts/measurements"
        of_ir = found.differences[-1][1]
        assert "op observe" in of_ir.base
        assert "op save-probabilities" in of_ir.tree
    renamed = judged(one, pairs, "meaning", Renames(ops={"observe": "save-probabilities"}))
    assert {step.kind: difference.place for step, difference in renamed.differences} == {
        "artifact": "/stats/measurements",
        "estimate": "/counts/measurements",
    }


def test_a_side_that_does_not_start_is_no_agreement(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ROOT", repository)
    name = "qsac/cli/main.py"
    _changed(repository, name, "def run(", "def fun(")
    try:
        assert command.main(["--base", "HEAD", "--models", "1"]) == 2
    finally:
        _git(repository, "checkout", "--quiet", "--", name)
    said = capsys.readouterr().err
    assert "the process of the working tree ended" in said
    assert "cannot import name 'run'" in said


def test_a_commit_that_does_not_exist_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for base in ("no-such-branch", "", "--help", "HEAD:qsac"):
        with pytest.raises(ReplayError, match="no commit"):
            commit_of(repository, base)
    assert command.main(["--base", "no-such-branch"]) == 2
    assert "the repository has no commit 'no-such-branch'" in capsys.readouterr().err


INTERRUPTED = """
import signal, sys
from pathlib import Path
from tests.replay import __main__ as command
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
command.ROOT = Path(sys.argv[1])
sys.exit(command.main(["--base", "HEAD"]))
"""


def test_an_interruption_leaves_neither_files_nor_processes(repository: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    call = [sys.executable, "-c", INTERRUPTED, str(repository)]
    process = subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not list(tmp_path.glob("qsac-replay-*/*/work")) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=False
    )
    workers = [int(line) for line in listed.stdout.split()]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said.decode()) == (130, "interrupted\n")
    assert len(workers) == 2
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
    assert list(tmp_path.iterdir()) == []


# What is compared: texts as the two sides might write them.


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


def test_the_tally_counts_models_and_kinds() -> None:
    step, tally = Step("ir", ()), Tally()
    tally.add(Found(Job(0, "", {}, ()), [("ir", False), ("qir", True)], [(step, Difference("", "", ""))]))
    tally.add(Found(Job(1, "", {}, ()), [("ir", False)]))
    assert (tally.models, tally.alike, tally.differences) == (2, 1, 1)
    assert {kind: (row.compared, row.alike, row.refused) for kind, row in tally.kinds.items()} == {
        "ir": (2, 1, 0),
        "qir": (1, 1, 1),
    }


def test_only_one_kind_and_the_templates_that_it_needs() -> None:
    def made(number: int, *kinds: str) -> Job:
        return Job(number, "", {}, tuple(Step(kind, ()) for kind in kinds))

    jobs = [made(0, "artifact", "template", "binding", "binding"), made(1, "artifact", "qir")]
    assert list(restricted(jobs, None)) == jobs
    assert list(restricted(jobs, "artifact")) == [made(0, "artifact"), made(1, "artifact")]
    assert list(restricted(jobs, "qir")) == [made(1, "qir")]
    (one,) = restricted(jobs, "binding")
    assert one == made(0, "template", "binding", "binding")
    answer = Answer(0, "{}", "")
    found = judged(one, [(answer, answer)] * 3, "bytes", NONE, "binding")
    assert found.kinds == [("binding", False)] * 2


def test_the_plan_covers_every_kind_of_model_target_and_option() -> None:
    jobs = [job(number) for number in range(300)]
    assert jobs[:3] == [job(number) for number in range(3)]
    seen: dict[str, Counter[str]] = {name: Counter() for name in ("kind", "target", "option", "model")}
    for one in jobs:
        arguments = one.steps[0].arguments
        seen["kind"].update({step.kind for step in one.steps})
        seen["target"].update([arguments[arguments.index("--target") + 1]])
        seen["option"].update(argument for step in one.steps for argument in step.arguments if argument[0] == "-")
        seen["model"].update(_features(json.loads(one.files["model.json"])))
    assert set(seen["kind"]) == set(KINDS)
    assert set(seen["target"]) == {*CONNECTED, *COUPLED}
    options = "-O0 -O1 -O2 -O3 --error-budget --prefer --qubits --passes --no-fold --template --parameters --early-exit"
    assert set(options.split()) <= set(seen["option"])
    features = """
        inline tfim hamiltonian causal full monomial polynomial softmax-taylor identity hardware-efficient matrix
        phases-given phases-optimal loss predict overlaps complex abs2 mask all basis tokens states vocabulary position
    """
    assert set(features.split()) <= set(seen["model"])
    least = {name: min(counts.values()) for name, counts in seen.items()}
    assert least["target"] >= 5
    assert min(seen["model"][feature] for feature in features.split()) >= 3


def _features(model: dict[str, Any]) -> set[str]:
    attention, readout = model["attention"], model.get("readout", {"type": "loss"})
    found = {model["tokens"]["type"], attention.get("mask", "causal"), attention["kernel"]["type"], readout["type"]}
    found |= {attention["value"]["type"], attention["score"]["type"], *readout}
    found |= {value for value in readout.values() if isinstance(value, str)}
    if "phases" in attention:
        found.add("phases-optimal" if attention["phases"] == "optimal" else "phases-given")
    if readout["type"] == "predict" and not {"states", "vocabulary"} & set(readout):
        found.add("basis")
    return found
