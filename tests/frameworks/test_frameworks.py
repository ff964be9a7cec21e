"""With the frameworks that bring gigabytes: `make test-frameworks`."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import qsac
from tests.strategies import random_model

pytestmark = pytest.mark.frameworks
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "tfim.json"


@pytest.mark.filterwarnings("default")  # theirs, while they are imported, are not ours to mend
@pytest.mark.parametrize("name", ["guppylang", "lambeq", "mqt.predictor", "torch"])
def test_qsac_works_beside(name: str) -> None:
    """Their versions of pytket, Qiskit and NumPy are ones that qsac compiles and runs with."""
    import_module(name)
    compiled = qsac.compile(EXAMPLE, "h2", verify=True)
    assert compiled.verified is not None
    assert qsac.run(compiled, "aer", shots=100, seed=1).shots == 100


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_tensors_are_tokens_as_arrays_are(dtype: str) -> None:
    torch = import_module("torch")
    numbers = np.random.default_rng(3).normal(size=(5, 4)).astype(dtype)
    given = random_model(1)
    models = [
        qsac.load({**given, "tokens": {"type": "inline", "values": values}})
        for values in (numbers, torch.tensor(numbers))
    ]
    assert models[0].canonical == models[1].canonical
    assert models[0].tokens.shape[0] == 5
