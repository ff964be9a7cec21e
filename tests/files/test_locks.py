"""Locks are held by one process, and by none of its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from qsac.errors import InvalidInputError
from qsac.sweeps.folder import Part
from qsac.training.run_folder import locked as training

ROOT = Path(__file__).parents[2]


def sweeping(folder: Path) -> AbstractContextManager[None]:
    part = Part(folder)
    part.make()
    return part.locked()


DRIVER = """
import os, sys, time
from pathlib import Path
from tests.files.test_locks import sweeping, training

with {"sweeping": sweeping, "training": training}[sys.argv[1]](Path(sys.argv[2])):
    worker = os.fork()
    if not worker:
        print("begun", os.getpid(), flush=True)
        time.sleep(600)
    time.sleep(600)
"""


@pytest.mark.parametrize("hold", [sweeping, training])
def test_a_worker_that_outlives_its_driver_does_not_hold_its_lock(
    hold: Callable[[Path], AbstractContextManager[None]], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", DRIVER, hold.__name__.replace("locked", "training"), str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    driver = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    worker = int(driver.stdout.readline().split()[1])
    try:
        with pytest.raises(InvalidInputError, match="another process"), hold(tmp_path):
            pass
        driver.kill()
        driver.wait()
        os.kill(worker, 0)  # it is there
        with hold(tmp_path):
            pass
    finally:
        driver.kill()
        os.kill(worker, signal.SIGKILL)
        driver.wait()
        driver.stdout.close()


@pytest.mark.parametrize("hold", [sweeping, training])
def test_a_process_does_not_get_its_own_lock_again(
    hold: Callable[[Path], AbstractContextManager[None]], tmp_path: Path
) -> None:
    with hold(tmp_path):
        with pytest.raises(InvalidInputError, match="another process"), hold(tmp_path):
            pass
        pid = os.fork()
        if not pid:
            os._exit(0)  # what a child closes is not released
        os.waitpid(pid, 0)
        with pytest.raises(InvalidInputError, match="another process"), hold(tmp_path):
            pass
    with hold(tmp_path):
        pass
