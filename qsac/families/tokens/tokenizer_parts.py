"""What happens to a text before a tokenizer's model sees it: the parts that a tokenizer.json may name.

Such a file comes from anyone. What it may hold is listed here: no regular expressions, which can take for ever, and no
parts that make a text much longer.
"""

from __future__ import annotations

import json
from typing import Any

from qsac.files.pointer import describe, listed, quoted

_NORMALIZERS = {
    "Sequence": "normalizers",
    **dict.fromkeys(("Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Strip", "StripAccents", "Nmt"), ""),
    **dict.fromkeys(("BertNormalizer", "Prepend", "Replace", "ByteLevel"), ""),
}
_SPLITTERS = {
    "Sequence": "pretokenizers",
    **dict.fromkeys(("Whitespace", "WhitespaceSplit", "BertPreTokenizer", "Metaspace", "ByteLevel"), ""),
    **dict.fromkeys(("Punctuation", "Digits", "CharDelimiterSplit", "Split", "UnicodeScripts"), ""),
}
"""The parts, with the field that holds further ones."""
_MODELS = ("BPE", "WordPiece", "WordLevel", "Unigram")
_PARTS = 16
_LONGEST = 4
"""Most characters of a text that is put in, and most parts that put one in."""


def unsuitable_part(document: dict[str, Any]) -> tuple[str, str] | None:
    """What a tokenizer's document has that is not known to be safe, and what it may have; None for nothing."""
    kind = document["model"].get("type")
    if kind not in _MODELS:
        return f"a model of the type {describe(kind)}", f"a model among {listed(_MODELS)}"
    todo = [(document.get("normalizer"), _NORMALIZERS), (document.get("pre_tokenizer"), _SPLITTERS)]
    parts = inserting = 0
    while todo:
        part, known = todo.pop()
        if part is None:
            continue
        kind = part.get("type") if isinstance(part, dict) else None
        if not isinstance(kind, str) or kind not in known:
            return f"a part of the type {describe(kind)}", f"parts among {listed(sorted(known))}"
        if "Regex" in json.dumps(part.get("pattern")):
            return f"a regular expression in a part of the type {quoted(kind)}", "patterns that are texts"
        texts = [part[field] for field in ("content", "prepend", "replacement") if field in part]
        inserting += bool(texts)
        if any(not isinstance(text, str) or len(text) > _LONGEST for text in texts) or inserting > _LONGEST:
            return (
                f"a part of the type {quoted(kind)} that puts long texts in, or too many such parts",
                f"at most {_LONGEST} parts that put in at most {_LONGEST} characters",
            )
        inner = part.get(known[kind]) if known[kind] else []
        parts += 1
        if not isinstance(inner, list) or parts + len(todo) + len(inner) > _PARTS:
            return "no list of parts, or too many", f"at most {_PARTS} parts"
        todo += [(one, known) for one in inner]
    return None
