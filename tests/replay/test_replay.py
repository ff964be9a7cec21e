"""The replay in small: what it compares, by either level, and what it does with a commit, an interruption and a bug.

`make replay` does 300 models. Here a repository is made of the code as it is, so that changes to it can be replayed.
"""

import compileall
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
from py_compile import PycInvalidationMode
from typing import Any

import pytest

from tests.cli.conftest import SMALL
from tests.replay import __main__ as command
from tests.replay.compare import Answer, Difference
from tests.replay.plan import CONNECTED, COUPLED, KINDS, Job, Step, job
from tests.replay.renames import Renames
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
    # With compiled files that go by the contents of theirs: each side is a copy, and would compile all of it anew.
    for name in ("qsac", "passes", "targets"):
        compileall.compile_dir(root / name, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
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
        ("qsac/ir/save_probabilities.py", '"save-probabilities"', '"observe"'),
        (
            "qsac/counting/stats.py",
            '"measurements": counted.count("Measure")',
            '"measurements": 1 + counted.count("Measure")',
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
        assert "op save-probabilities" in of_ir.base
        assert "op observe" in of_ir.tree
    renamed = judged(one, pairs, "meaning", Renames(ops={"save-probabilities": "observe"}))
    assert {step.kind: difference.place for step, difference in renamed.differences} == {
        "artifact": "/stats/measurements",
        "estimate": "/counts/measurements",
    }


def test_a_register_whose_new_name_comes_earlier_is_renamed_in_the_commit(repository: Path) -> None:
    """``score[0]`` is listed behind ``key``, ``a[0]`` before it."""
    change = ("qsac/families/qsa/parts.py", 'f"score[', 'f"a[')
    _changed(repository, *change)
    try:
        for renames in (Renames(registers={"score": "a"}), Renames(sources={change[0]: change[1:]})):
            ((one, pairs),) = answers(repository, "HEAD", [ONE], renames, 1)
            found = {
                step.kind: difference.place for step, difference in judged(one, pairs, "meaning", renames).differences
            }
            if renames.sources:
                assert found == {}
            else:
                assert found["artifact"].startswith("/circuits/0/circuit/bits/0/0")
    finally:
        _git(repository, "checkout", "--quiet", "--", ".")


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
