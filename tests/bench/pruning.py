"""What pruned loaders take for smooth tokens: Ising trajectories that are not told to be such."""

from __future__ import annotations

from tests.bench import measure
from tests.bench.plan import Plan
from tests.bench.table import count, ratio, table, tiny

SITES, CONTEXT = 4, 32
STEPS = (0.05, 0.1, 0.35)
BUDGETS = (1e-3, 1e-2)
SEEDS = (0, 1, 2)


def section(plan: Plan) -> str:
    seeds = SEEDS[:1] if plan.quick else SEEDS
    loaders, circuits = [], []
    for dt in STEPS[:1] if plan.quick else STEPS:
        for budget in BUDGETS:
            plan.say(f"pruning: dt {dt:g}, infidelity {budget:g}")
            found = [
                measure.run("pruned", 600, sites=SITES, context=CONTEXT, dt=dt, seed=seed, budget=budget)
                for seed in seeds
            ]
            failed = [one.failure for one in found if one.result is None]
            if failed:
                loaders.append([f"{dt:g}", f"{budget:g}", failed[0], ""])
                continue
            results = [one.result for one in found if one.result is not None]
            loaders.append([f"{dt:g}", f"{budget:g}", *_gates([one["loader"] for one in results], results[0]["table"])])
            circuits.append(
                [
                    f"{dt:g}",
                    f"{budget:g}",
                    *_gates([one["gates"] for one in results], results[0]["exact"]),
                    tiny(max(one["infidelity"] for one in results)),
                    tiny(max(abs(one["loss_deviation"]) for one in results)),
                ]
            )
    first = results[0] if circuits else {"table": None, "exact": None}
    text = INTRODUCTION.format(sites=SITES, context=CONTEXT, table=count(first["table"]), exact=count(first["exact"]))
    one = table(["dt", "infidelity at most", "two-qubit gates", "of the exact ones"], loaders)
    whole = table(
        ["dt", "budget", "two-qubit gates", "of the exact ones", "infidelity", "loss deviation"],
        circuits,
    )
    return f"{text}\n### One loader, mean infidelity of its tokens\n\n{one}\n### The whole circuit, k = 1\n\n{whole}"


def _gates(found: list[int], exact: int) -> list[str]:
    return [", ".join(map(count, found)), ratio(sum(found) / len(found) / exact)]


INTRODUCTION = """\
## Pruned loaders

Tokens of an open Ising chain of {sites} sites (J = 1, h = 0.8) from Haar states of three seeds, T = {context}, given as
plain complex numbers, so that they are not loaded by evolution. qsac -O3 for `h2`, verified. Exact: {table} gates a
loader that is written level by level, as pruned ones are; {exact} in all as -O3 compiles the four loads without a
budget, which they share otherwise. Infidelities and deviations are the actual ones, the largest of the seeds.
"""
