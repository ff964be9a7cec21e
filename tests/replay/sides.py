"""The two sides: copies of the commit and of the working tree in a temporary folder, and processes that run them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from tests.replay.compare import Answer

_DRIVER = Path(__file__).with_name("driver.py")
_LISTED = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
"""git's list of the files of the working tree: new ones are there, ignored ones are not."""


class ReplayError(Exception):
    """The replay cannot be done at all: a commit that does not exist, or a side that does not start."""


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise ReplayError(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def commit_of(root: Path, base: str) -> str:
    """The full name of a commit of the repository in the folder ``root``.

    Raises :class:`ReplayError` if it has no such commit.
    """
    if not base:
        raise ReplayError("no commit to compare with: name one with --base, or make replay BASE=<commit>")
    try:
        found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", base + "^{commit}")
    except ReplayError:
        raise ReplayError(f"the repository has no commit {base!r}") from None
    return found.decode().strip()


def passes_of(root: Path, commit: str | None = None) -> frozenset[str]:
    """The names of the passes that a commit has, or without one the working tree: each has a file of its name."""
    listed = ("ls-tree", "-r", "-z", "--name-only", commit) if commit else _LISTED
    files = map(PurePosixPath, _git(root, *listed).decode().split("\0"))
    own = [file for file in files if file.parts[:1] == ("passes",) and file.suffix == ".py" and file.stem[0] != "_"]
    return frozenset(file.stem.replace("_", "-") for file in own if commit or (root / file).is_file())


def extract(root: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit into a new folder. Neither the checkout nor git's own files are touched."""
    archive = folder.with_suffix(".tar")
    _git(root, "archive", "--format=tar", f"--output={archive}", commit)
    with tarfile.open(archive) as stream:
        stream.extractall(folder, filter="data")
    archive.unlink()


def copy_tree(root: Path, folder: Path) -> None:
    """Copy the working tree as it is now, new files included and ignored ones not, into a new folder, so that changes
    made meanwhile are no part of it."""
    names = _git(root, *_LISTED).decode().split("\0")
    for name in dict.fromkeys(filter(None, names)):
        source, place = root / name, folder / name
        if source.is_symlink() or source.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place, follow_symlinks=False)


class Side:
    """A process that runs the qsac of a folder; its files lie in ``scratch``, a folder that does not exist yet.

    ``seed`` is that of Python's hashes, another one for each side: what depends on the order of a set differs.
    """

    def __init__(self, name: str, code: Path, scratch: Path, seed: int) -> None:
        self.name = name
        scratch.mkdir()
        self._log = scratch / "log.txt"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("QSAC_", "PYTHON"))}
        environment = kept | {
            "PYTHONPATH": str(code),
            "PYTHONHASHSEED": str(seed),
            "QSAC_CACHE_DIR": str(scratch / "cache"),
            "QSAC_DATA_DIR": str(scratch / "data"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        with self._log.open("wb") as log:
            # A session of its own: Ctrl-C is for the one process that tidies up.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(_DRIVER), str(scratch)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=scratch,
                env=environment,
                start_new_session=True,
            )
        self._code = code

    def check(self) -> None:
        """Wait until the process is there. Raises :class:`ReplayError` if it runs another qsac than it should."""
        found = Path(self._read()["qsac"])
        if self._code.resolve() not in found.resolve().parents:
            raise ReplayError(f"the {self.name} runs {found}, not the qsac of {self._code}")

    def ask(self, files: Mapping[str, str], steps: Sequence[Mapping[str, Any]]) -> None:
        """Hand over a job; :meth:`answers` waits for what comes of it."""
        assert self._process.stdin is not None
        order = json.dumps({"files": files, "steps": steps}) + "\n"
        try:
            self._process.stdin.write(order.encode())
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None

    def answers(self) -> list[Answer]:
        """An answer for each step of the job."""
        return [Answer(**answer) for answer in self._read()["answers"]]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> ReplayError:
        said = self._log.read_text(encoding="utf-8", errors="replace").strip()[-1500:]
        return ReplayError(f"the process of the {self.name} ended: {said or 'it said nothing'}")

    def stop(self) -> None:
        """End the process and what it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
