"""docs/frameworks.md: its examples print what they say, and its signatures are real."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from importlib import import_module
from pathlib import Path

import pytest

import qsac

PAGE = (Path(__file__).parents[2] / "docs" / "frameworks.md").read_text(encoding="utf-8")
JAX, TORCH = PAGE.split("## PyTorch")


def blocks_print(text: str, least: int) -> None:
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    said = [found for block in blocks for found in re.findall(r"^ *print\(.*\)  # (.*)$", block, re.MULTILINE)]
    assert len(said) == sum(block.count("print(") for block in blocks) >= least
    printed = io.StringIO()
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(printed):
        for block in blocks:
            exec(compile(block, "docs/frameworks.md", "exec"), names)
    assert printed.getvalue().splitlines() == said


def signature(called: object, *, method: bool = False) -> str:
    parameters = list(inspect.signature(called).parameters.values())[method:]  # type: ignore[arg-type]
    written = []
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in written:
            written.append("*")
        default = parameter.default
        text = f'="{default}"' if isinstance(default, str) else f"={default!r}"
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        written.append(stars + parameter.name + ("" if default is parameter.empty else text))
    return f"({', '.join(written)})"


def test_the_examples_for_jax_print_what_they_say() -> None:
    blocks_print(JAX, 3)


def test_the_functions_for_jax_are_described() -> None:
    for name in ("layer", "to_model"):
        assert f"`qsac.jax.{name}{signature(getattr(qsac.jax, name))}`" in JAX


@pytest.mark.frameworks
def test_the_examples_for_torch_print_what_they_say() -> None:
    import_module("torch").manual_seed(0)
    blocks_print(TORCH, 3)


@pytest.mark.frameworks
def test_the_module_for_torch_is_described() -> None:
    layer = qsac.torch.AttentionLayer
    assert f"`AttentionLayer{signature(layer)}`" in TORCH
    assert f"`AttentionLayer.from_model{signature(layer.from_model)}`" in TORCH
    for name in ("to_model", "load_model"):
        assert f"`{name}{signature(getattr(layer, name), method=True)}`" in TORCH
