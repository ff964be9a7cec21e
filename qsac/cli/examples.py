"""Examples of every command, which `--help` shows below its options."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "compile": (
        "qsac compile model.json",
        "qsac compile model.json --target ibm-fez -O1 -v",
        'qsac compile model.json --passes "default,-fold-unitaries" --ir-dir stages',
    ),
    "opt": ("qsac opt model.ir -O2 --lower", "qsac opt model.ir --passes fold-unitaries -o other.ir"),
    "estimate": ("qsac estimate model.json", "qsac estimate model.json --context 1e6 --dimension 4096"),
    "bind": ("qsac bind model.qsac-template.json --tokens other.npy",),
    "features": (
        "qsac features docs/examples/sentences.csv -o sentences.npz",
        "qsac features new.txt --fitted sentences.npz -o new.npz",
    ),
    "train": ("qsac train train.json --seeds 4", "qsac train --list"),
    "evaluate": ("qsac evaluate model.train --compare softmax --plots plots",),
    "roll-out": ("qsac roll-out model.train --steps 8",),
    "sweep": ("qsac sweep plan.json --jobs 4", "qsac sweep plan.json --shard 2/8"),
    "run": (
        "qsac run model.json",
        "qsac run model.qsac.json --shots 2000 --noise --mitigate",
        "qsac run model.json --precision 0.05 --json",
    ),
    "generate": ('qsac generate gpt.json --prompt "they often" --steps 6',),
    "verify": ("qsac verify model.qsac.json", "qsac verify model.qsac.json --model model.json --json"),
    "view": ("qsac view model.qsac.json",),
    "diff": ("qsac diff before.qsac.json after.qsac.json", "qsac diff --exit-code before.ir after.ir"),
    "plot": (
        "qsac plot passes model.qsac.json",
        "qsac plot scaling model.json --context 8,16,32,64 -o scaling",
        "qsac plot result result.json",
        "qsac plot training model.train",
    ),
    "check": ("qsac check model.json --metrics",),
    "import": ("qsac import gpt2.safetensors --sequence 3,0,2 -o model.json",),
    "jobs": ("qsac jobs --json",),
    "results": ("qsac results 3",),
    "interpret": ("qsac interpret model.qsac.json counts.json",),
    "schema": ("qsac schema", "qsac schema --of results"),
    "targets": ("qsac targets", "qsac targets ibm-fez"),
    "cache": ("qsac cache", "qsac cache --clear"),
    "passes": ("qsac passes", "qsac passes --json"),
    "explain": ("qsac explain fold-unitaries", "qsac explain field.unknown"),
    "init": ("qsac init model.json --tokens tokens.npy", "qsac init model.json"),
    "doctor": ("qsac doctor",),
    "completion": ("qsac completion bash",),
}
"""Command -> lines, the simplest first."""


def epilog(name: str) -> str | None:
    """The examples of a command as click shows them; None for a command without any."""
    lines = EXAMPLES.get(name, ())
    head = "Example:" if len(lines) == 1 else "Examples:"
    return "\b\n" + "\n".join([head, *(f"  {line}" for line in lines)]) if lines else None
