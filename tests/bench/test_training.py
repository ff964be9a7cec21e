"""The scripts that train models, tested in a process of their own: JAX starts threads, and other tests fork."""

import os
import subprocess
import sys

import pytest

from tests.bench.conftest import ALONE, OWN_PROCESS
from tests.bench.measure import ROOT


@pytest.mark.parametrize("name", ALONE)
def test_in_a_process_of_its_own(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", f"tests/bench/{name}"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, OWN_PROCESS: "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
