"""Columns hold gates in the order in which they came, one by one or in runs, however many there are."""

import numpy as np
import pytest

from qsac.native import columns
from qsac.native.circuit import KIND
from qsac.native.columns import Columns


@pytest.mark.parametrize("kept", [1, 2, 3, 7, columns._SINGLE])
def test_single_gates_and_runs_keep_their_order(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_SINGLE", kept)
    rng, made, wanted, marks = np.random.default_rng(1), Columns(), [], []
    for step in range(60):
        assert len(made) == len(wanted)
        if rng.random() < 0.3:
            size = int(rng.integers(0, 4))
            kind, first, second = (rng.integers(0, 5, size) for _ in range(3))
            angles, opened = rng.normal(size=(size, 2)), rng.integers(0, 4, size).astype(np.int8)
            made.extend(kind, first, second, angles, opened if step % 2 else None)
            marks += opened.tolist() if step % 2 else [0] * size
            wanted += zip(kind.tolist(), first.tolist(), second.tolist(), *angles.T.tolist(), strict=True)
        else:
            angle, mark = float(rng.normal()), int(rng.integers(0, 4))
            made.append("ZZPhase", step, step + 1, angle, open=mark)
            marks.append(mark)
            wanted.append((KIND["ZZPhase"], step, step + 1, angle, 0.0))
        if step % 20 == 0:
            made.arrays()
    kinds, firsts, seconds, angles = made.arrays()
    found = zip(kinds.tolist(), firsts.tolist(), seconds.tolist(), *angles.T.tolist(), strict=True)
    assert list(found) == wanted
    assert made.open().tolist() == marks
    assert (kinds.dtype, firsts.dtype, seconds.dtype, angles.dtype) == (np.int8, np.int32, np.int32, np.float64)


def test_no_gates_are_empty_columns() -> None:
    kinds, firsts, seconds, angles = Columns().arrays()
    assert (len(kinds), len(firsts), len(seconds), angles.shape) == (0, 0, 0, (0, 2))
