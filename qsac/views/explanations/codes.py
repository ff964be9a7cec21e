"""Error codes: what each means, its exit code, what its area is about, and the messages that bear it.

The messages are read from the sources, so that what is explained is what qsac says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from qsac.error_codes import CODES
from qsac.views.explanations.explanation import Explanation

EXITS_OF_AREAS = {"backend": 4, "capacity": 3, "check": 1, "extension": 4, "simulator": 4}
"""Exit codes of areas all of whose errors have one that is not 2."""

EXITS = {
    "file.too-large": 3,
    "job.incomplete": 4,
    "job.lost-answer": 4,
    "job.lost-handle": 4,
    "job.never-submitted": 4,
    "job.no-ceiling": 3,
    "job.not-listed": 4,
    "job.not-run": 4,
    "job.too-expensive": 3,
    "job.too-many-shots": 3,
    "journal.artifact-too-large": 3,
    "journal.changed-job": 4,
    "journal.damaged-job": 4,
    "journal.newer-version": 4,
    "journal.pending": 4,
    "journal.pending-in-part": 4,
    "journal.under-way": 4,
    "journal.unusable": 4,
    "program.too-large": 3,
    "run.outcomes-too-large": 3,
    "sweep.executor-failed": 4,
    "sweep.lost-worker": 4,
    "sweep.no-scheduler": 4,
    "sweep.other-code": 4,
    "sweep.result-too-large": 3,
    "sweep.task-failed": 4,
    "sweep.too-many-tasks": 3,
    "target.coupling-too-large": 3,
    "target.no-reset": 3,
    "target.too-many-qubits": 3,
    "tokens.line-too-long": 3,
    "train.checkpoint-too-large": 3,
    "train.diverged": 1,
    "train.lost-process": 4,
    "train.not-finite": 1,
    "unitary.too-many-rotations": 3,
    "vendor.account-unreadable": 4,
    "vendor.failed": 4,
    "vendor.invalid-answer": 4,
    "vendor.no-answer": 4,
    "vendor.no-login": 4,
}
"""Exit codes of single errors that are not 2."""

MEANINGS = {
    1: "a check failed, and what would be wrong is not written",
    2: "something that was given is invalid: change it, and call the command again",
    3: "it is too large for the target or for this computer",
    4: "something outside qsac failed: a simulator, a vendor's service, another package, a journal",
}

AREAS = {
    "usage": "The command line itself. `qsac COMMAND --help` says what a command takes.",
    "option": "Arguments and options, on the command line and in Python: their types and ranges.",
    "environment": "Environment variables that qsac reads.",
    "input": "Input of any kind, where no other code says more.",
    "file": "Files that are read: models, artifacts, templates, tokens, counts.",
    "json": "Files that should be JSON. `where` has the line and column.",
    "field": "Fields of a model file or another document. `where` has the pointer; `qsac schema` prints the format.",
    "number": "Numbers in files.",
    "array": "Arrays in files or from Python.",
    "block": "Circuits without a model (`qsac.synthesis`): the numbers that they are made of.",
    "model": "Model files as a whole. `qsac check MODEL` reads one without compiling it; docs: Model file.",
    "tokens": "The section tokens of a model file, and the files of numbers that it names.",
    "text": "Texts of which the tokens are the words.",
    "words": "Words as tokens: lists of them, and their numbers.",
    "embedding": "The matrix that turns words into tokens.",
    "hamiltonian": "Tokens that are made by a Hamiltonian.",
    "unitary": "The unitaries V and W (value and score) of attention.",
    "kernel": "The kernel g of attention, by its coefficients.",
    "readout": "The readout: what a model asks its circuits to report.",
    "matrix": "Matrices of a model.",
    "attention": "The section attention of a model file.",
    "head": "The heads of a model.",
    "position": "Positions of a transformer.",
    "layer": "Layers of a transformer.",
    "feed-forward": "Feed-forwards of a transformer.",
    "steps": "The section steps of a model file: how steps, blocks and measurements fit together.",
    "gate": "Single gates in the blocks of a circuit.",
    "inputs": "Samples that a list of steps is run on: `sample` in the model file, or a file given with `--inputs`.",
    "program": "The section program of a model file: search, networks, layers, linearised training.",
    "import": "Weights of a trained model that a model file is to be made of (`qsac import`).",
    "data": "Data that a model is to be trained on.",
    "features": "Texts that vectors are to be made of, and files of features (`qsac features`).",
    "train": "Training configurations, runs and their folders (`qsac train`).",
    "sweep": "Plans of sweeps, their tasks and their folders (`qsac sweep`).",
    "evaluate": "Measuring what was trained (`qsac evaluate`).",
    "roll-out": "Rolling trajectories forward (`qsac roll-out`).",
    "target": "Targets: names that `qsac targets` lists, and files that describe a machine.",
    "pass": "Single passes and their options. `qsac passes` lists them, `qsac explain PASS` explains one.",
    "pipeline": "Pipelines, as `--passes` takes them: NAME{option=value},NAME or default,-NAME,+NAME.",
    "error-budget": "The infidelity that approximating passes may spend (`--error-budget`).",
    "ir": "Programs as IR text. `where` has the line; docs: Intermediate representation.",
    "capacity": "Sizes. `qsac estimate MODEL` counts a model of any size without compiling it.",
    "output": "What is written. Nothing was replaced or left in part.",
    "export": "Circuits in other forms (`--emit`).",
    "package": "Python packages that a feature needs: pip install 'qsac[EXTRA]'. `qsac doctor` says which are there.",
    "artifact": "Artifacts, as `qsac compile` writes them. `qsac verify` says all that is wrong with one.",
    "seal": "The digest of an artifact or template. `qsac verify --reseal` seals one that was changed on purpose.",
    "circuit": "Native circuits in artifacts.",
    "template": "Templates, as `qsac compile --template` writes them and `qsac bind` fills them.",
    "cache": "The cache of compiled programs (`qsac cache`).",
    "estimate": "Estimates of other sizes (`qsac estimate`).",
    "plot": "Plots (`qsac plot`).",
    "run": "Runs on simulators (`qsac run`).",
    "generate": "Continuing a prompt by words (`qsac generate`).",
    "counts": "Counts taken elsewhere (`qsac interpret`).",
    "job": "Jobs on a vendor's machine. `qsac jobs` lists them, `qsac results ID` asks for one.",
    "journal": "The journal of jobs and runs, a file in the folder QSAC_DATA_DIR.",
    "vendor": "Vendors' services, logins and machines.",
    "check": "Checks of what was compiled, before anything is written or submitted.",
    "simulator": "Simulators that run on this computer.",
    "backend": "Simulators and services, where no other code says more.",
    "extension": "Passes, targets, ops and families of other packages. The fault is that package's.",
}
"""What the errors of an area are about, and where to look."""

MOST_MESSAGES = 6


def codes() -> Iterable[str]:
    """All codes."""
    return CODES


def exit_code(code: str) -> int:
    """The exit code of all errors of a code."""
    return EXITS.get(code, EXITS_OF_AREAS.get(code.partition(".")[0], 2))


def explained_code(code: str) -> Explanation:
    """What an error code means."""
    meaning = CODES[code]
    exits = exit_code(code)
    facts = [("exit code", f"{exits}: {MEANINGS[exits]}")]
    for place, (title, wanted) in enumerate(_messages(code)):
        facts.append(("message" if not place else "", title + (f" (wanted: {wanted})" if wanted else "")))
    text = (meaning[:1].upper() + meaning[1:] + ".", AREAS[code.partition(".")[0]])
    return Explanation(code, "error code", text, facts)


def _messages(code: str) -> list[tuple[str, str]]:
    """The titles of the errors of a code, each with what is wanted instead, as the sources have them; what is filled in
    is ``..``."""
    spec = find_spec("qsac")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    found: dict[str, str] = {}
    for folder in folders:
        files = {
            *Path(folder).rglob("*.py"),
            *Path(folder, "passes").rglob("*.py"),
            *Path(folder, "targets").rglob("*.py"),
        }
        for file in sorted(files):
            text = file.read_text(encoding="utf-8")
            if f'"{code}"' in text and file.name != "error_codes.py":
                for title, wanted in _in_source(ast.parse(text), code):
                    found.setdefault(title, wanted)
    return list(found.items())[:MOST_MESSAGES]


def _in_source(tree: ast.Module, code: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        given = keywords.get("code")
        if given is not None and code in {part.value for part in ast.walk(given) if isinstance(part, ast.Constant)}:
            title = _text(node.args[0]) if node.args else ""
            if title:
                yield title, _text(keywords.get("wanted"))


def _text(node: ast.expr | None) -> str:
    """A text of the sources; empty where it is computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else ".." for part in node.values)
    return ""
