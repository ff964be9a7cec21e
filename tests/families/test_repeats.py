"""Loops that end before their last round: what a plan makes of them, whichever family has it."""

from collections.abc import Mapping
from typing import Any

import pytest

from qsac.families.outcomes import Outcomes
from qsac.families.plans import CircuitStep, ClassicalStep, Plan
from qsac.families.repeats import Repeat, Step, side_by_side


def _circuit(name: str) -> CircuitStep:
    def build() -> Any:
        raise AssertionError("no program is asked for")

    return CircuitStep(name, build, ("hit",))


def _hits(number: float) -> Outcomes:
    return Outcomes(10.0, 10.0, {"hit": number})


def loop(strand: str = "", most: int = 3) -> Repeat:
    """Rounds that add up hits until there are five."""

    def body(number: int) -> list[Step]:
        own = f"loop-{number}-{strand}"
        last = f"loop-{number - 1}-{strand}sum" if number else None

        def add(seen: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
            total = seen[f"{own}try"].success["hit"] + (0 if last is None else seen[last])
            return {f"{own}sum": total, f"{own}done": total >= 5, f"{own}rounds": number + 1}

        asked = (f"{own}try", *(() if last is None else (last,)))
        writes = (f"{own}sum", f"{own}done", f"{own}rounds")
        return [_circuit(f"{own}try"), ClassicalStep(f"{own}add", add, 1, asked, writes)]

    return Repeat("loop", most, body, "done", strand)


def _seen(*names: str) -> ClassicalStep:
    """A last step that says which circuits it was given."""
    return ClassicalStep("seen", lambda seen, _: {"given": sorted(seen)}, 1, names, ("given",))


NAMES = tuple(f"loop-{number}-try" for number in range(3))
PLAN = Plan((*loop().steps(), _seen(*NAMES)))


@pytest.mark.parametrize(("hits", "rounds"), [((6, 1, 1), 1), ((2, 3, 1), 2), ((1, 1, 1), 3), ((1, 1, 7), 3)])
def test_the_last_values_are_those_of_the_last_round_that_ran(hits: tuple[int, ...], rounds: int) -> None:
    outcomes = {name: _hits(number) for name, number in zip(NAMES, hits, strict=True)}
    run = PLAN.run({name: outcomes[name] for name in NAMES[:rounds]})
    assert (run["loop-2-sum"], run["loop-2-rounds"]) == (sum(hits[:rounds]), rounds)
    assert run["loop-2-done"] == (sum(hits[:rounds]) >= 5)
    assert run["given"] == list(NAMES[:rounds])
    # What was run all the same, as it was compiled, changes nothing.
    assert PLAN.run(outcomes) == run


def test_a_plan_knows_what_is_ready_and_what_is_spared() -> None:
    assert PLAN.may_spare
    assert PLAN.standing({}) == (NAMES[:1], frozenset())
    assert PLAN.standing({NAMES[0]: _hits(1)}) == (NAMES[1:2], frozenset())
    assert PLAN.standing({NAMES[0]: _hits(5)}) == ((), frozenset(NAMES[1:]))
    assert PLAN.standing({NAMES[0]: _hits(1), NAMES[1]: _hits(4)}) == ((), frozenset(NAMES[2:]))
    with pytest.raises(KeyError):
        PLAN.run({NAMES[0]: _hits(1)})


def test_loops_side_by_side_end_each_by_itself() -> None:
    plan = Plan((*side_by_side(loop("a-"), loop("b-", 2)), _seen("loop-2-a-try", "loop-1-b-try")))
    names = [step.name for step in plan.circuits]
    assert names == ["loop-0-a-try", "loop-0-b-try", "loop-1-a-try", "loop-1-b-try", "loop-2-a-try"]
    standing = plan.standing({"loop-0-a-try": _hits(1), "loop-0-b-try": _hits(5)})
    assert standing == (("loop-1-a-try",), {"loop-1-b-try"})
    # The other one's next round waits for nothing of this one.
    assert plan.standing({"loop-0-a-try": _hits(1)}).ready == ("loop-0-b-try", "loop-1-a-try")


def test_an_artifact_says_what_ends_a_round() -> None:
    described: list[Any] = list(PLAN.described())
    assert [one.get("unless") for one in described] == [None] * 2 + ["loop-0-done"] * 2 + ["loop-1-done"] * 2 + [None]
    assert described[3]["instead"] == ["loop-0-sum", "loop-0-done", "loop-0-rounds"]
    whole = Repeat("loop", 2, loop().body)
    assert not Plan(whole.steps()).may_spare
    assert all("unless" not in one for one in Plan(whole.steps()).described())


def test_loops_that_cannot_end() -> None:
    def step(name: str, *writes: str) -> ClassicalStep:
        return ClassicalStep(name, lambda seen, options: {}, 1, (), writes)

    with pytest.raises(ValueError, match="writes loop-0-done, which ends the loop"):
        Repeat("loop", 2, lambda number: [step(f"loop-{number}-add", f"loop-{number}-sum")], "done").steps()
    with pytest.raises(ValueError, match="the step total of round 0 does not begin with loop-0-"):
        Repeat("loop", 2, lambda number: [step(f"loop-{number}-add", f"loop-{number}-done", "total")], "done").steps()
    with pytest.raises(ValueError, match="the step later asks for"):
        Plan((_circuit("first"), _circuit("later").spared_by("nothing")))
    with pytest.raises(ValueError, match="may not run, and leaves"):
        Plan((_circuit("first"), step("judge", "done"), ClassicalStep("x", dict, 1, (), ("sum",), {}, "done")))  # type: ignore[arg-type]
