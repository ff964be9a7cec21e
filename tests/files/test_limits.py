"""Size limits: what is refused before memory is taken, and what still fits."""

from typing import Any

import pytest

from qsac.errors import EXIT_DOES_NOT_FIT, DoesNotFitError, QsacError
from qsac.families.reading import load, load_text
from qsac.files import limits
from tests.families.models import minimal, tfim, with_values

ANSATZ = {"type": "hardware-efficient", "layers": 1, "parameters": {"init": "normal", "scale": 1, "seed": 0}}


@pytest.mark.parametrize(
    ("model", "pointer", "bytes_needed"),
    [
        (tfim(sites=13), "/tokens/sites", "512.0 MiB"),
        (tfim(sites=10**15), "/tokens/sites", "bytes"),
        (tfim(context=2**16 + 1), "/tokens/context", "4.0 MiB"),
        (tfim(context=10**15), "/tokens/context", "PiB"),
        (tfim(sites=12, context=2**14 + 1), "/tokens/context", "1.0 GiB"),
        (with_values([[1, 0]] * (2**16 + 2)), "/tokens/values", "2.0 MiB"),
        (with_values([[1] * 4097] * 2), "/tokens/values", "256.1 MiB"),
        (minimal(kernel={"type": "monomial", "degree": 65}), "/attention/kernel/degree", "bytes"),
        (minimal(kernel={"type": "monomial", "degree": 10**15}), "/attention/kernel/degree", "PiB"),
        (minimal(kernel={"type": "softmax-taylor", "degree": 65}), "/attention/kernel/degree", "bytes"),
        (minimal(kernel={"type": "polynomial", "coefficients": [1] * 66}), "/attention/kernel/coefficients", "bytes"),
        (minimal(value={**ANSATZ, "layers": 10_001}), "/attention/value/layers", "KiB"),
        (minimal(score={**ANSATZ, "layers": 10**15}), "/attention/score/layers", "PiB"),
    ],
)
def test_refused_with_the_bytes_it_would_take(model: dict[str, Any], pointer: str, bytes_needed: str) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        load(model)
    error = caught.value
    assert error.pointer == pointer
    assert error.exit_code == EXIT_DOES_NOT_FIT
    assert bytes_needed in (error.found or "")
    assert error.wanted
    assert error.help


def test_a_large_model_file_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MODEL_FILE_BYTES", 100)
    with pytest.raises(DoesNotFitError, match="model file is too large"):
        load_text(" " * 101, "x")


@pytest.mark.parametrize("digits", [30, 400, 5000])
def test_numbers_that_no_machine_counts_to(digits: int) -> None:
    number = 10**digits
    for model in (tfim(sites=number), tfim(context=number), minimal(kernel={"type": "monomial", "degree": number})):
        with pytest.raises(QsacError, match="too large") as caught:
            load(model)
        assert len(str(caught.value)) < 300


def test_what_must_fit() -> None:
    limits.check_tokens(2**14 + 1, 4096, "/tokens")
    limits.check_tokens(2**16 + 1, 1024, "/tokens")
    limits.check_tfim(12, 2**14, "/tokens")


@pytest.mark.parametrize("coefficients", [[1e101], [1e-101], [1e308, 1e308], [5e-324]])
def test_kernels_out_of_scale(coefficients: list[float]) -> None:
    with pytest.raises(QsacError, match="out of scale"):
        load(minimal(kernel={"type": "polynomial", "coefficients": coefficients}))


def test_softmax_out_of_scale() -> None:
    with pytest.raises(QsacError, match="out of scale") as caught:
        load(minimal(kernel={"type": "softmax-taylor", "degree": 60, "temperature": 1e300}))
    assert caught.value.pointer == "/attention/kernel/temperature"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 bytes"), (1023, "1,023 bytes"), (2**31, "2.0 GiB"), (2**80, "1.0e+06 EiB")]
)
def test_size(number: int, text: str) -> None:
    assert limits.size(number) == text
