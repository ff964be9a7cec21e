"""Making data in tests: `made(type="ising", ..)` from fields, `refused(..)` for what is wrong with them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qsac.errors import QsacError
from qsac.training.data.contract import Data
from qsac.training.data.making import data_of, kinds


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Data]:
    """The data of some fields; ``seed`` is the run's."""

    def make(run_seed: int = 0, **fields: Any) -> Data:
        return data_of(kinds()[fields["type"]].fields.model_validate(fields), run_seed, tmp_path)

    return make


@pytest.fixture
def refused(made: Callable[..., Data]) -> Callable[..., QsacError]:
    """The error of fields whose data cannot be made."""

    def refuse(**fields: Any) -> QsacError:
        with pytest.raises(QsacError) as caught:
            made(**fields)
        return caught.value

    return refuse
