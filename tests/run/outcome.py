"""What a step brought, and the table of all of them."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

# The exit code of a check that needs what this machine doesn't have, such as a network.
NOT_HERE = 75
# And of one that asks for somebody else's list, which is not told here: it is said, and fails nothing, in CI either.
NOT_TOLD = 76


@dataclass
class Outcome:
    """Counts of one step. `not_run`: name and reason of everything that should have run and did not."""

    name: str
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    not_run: list[tuple[str, str]] = field(default_factory=list)
    not_told: str = ""

    @property
    def word(self) -> str:
        if self.failed:
            return "FAILED"
        return "passed" if self.passed else "not run"


def of_command(name: str, *, code: int, seconds: float, said: str = "") -> Outcome:
    """A step that is one check. One that ends with NOT_HERE or NOT_TOLD has not run; its last line tells why."""
    reason = (said.strip().splitlines() or ["no reason given"])[-1]
    if code == NOT_TOLD:
        return Outcome(name, seconds=seconds, not_told=reason)
    if code == NOT_HERE:
        return Outcome(name, seconds=seconds, not_run=[("not checked here", reason)])
    return Outcome(name, seconds=seconds, passed=int(code == 0), failed=int(code != 0))


def of_pytest(name: str, report: Path, *, code: int, seconds: float) -> Outcome:
    """From pytest's JUnit file. A run that failed as a whole (nothing collected, a crash) is one failure."""
    outcome = Outcome(name, seconds=seconds)
    cases = ET.parse(report).iter("testcase") if report.is_file() else iter(())  # noqa: S314 - our own file
    for case in cases:
        _count(outcome, case)
    if code != 0 and not outcome.failed:
        outcome.failed = 1
    return outcome


def _count(outcome: Outcome, case: ET.Element) -> None:
    title = f"{case.get('classname')}.{case.get('name')}"
    skipped = case.find("skipped")
    if case.find("failure") is not None or case.find("error") is not None:
        outcome.failed += 1
    # An expected failure has run: it is a test that says what is not so yet.
    elif skipped is not None and skipped.get("type") != "pytest.xfail":
        outcome.not_run.append((title, skipped.get("message") or "no reason given"))
    else:
        outcome.passed += 1


def line(one: Outcome) -> str:
    """What is said as soon as the step has ended."""
    missing = f", {len(one.not_run)} not run" if one.not_run else ""
    return f"{one.name}: {one.passed} passed, {one.failed} failed{missing}, {one.seconds:.0f} s: {one.word}"


def table(outcomes: Sequence[Outcome], *, strict: bool) -> tuple[str, bool]:
    """The lines for the end, and whether all is well. `strict`: what did not run counts as failed."""
    width = max((len(outcome.name) for outcome in outcomes), default=0)
    lines = ["", f"{'step':<{width}}  {'seconds':>7}  {'passed':>6}  {'failed':>6}  {'not run':>7}"]
    lines += [
        f"{one.name:<{width}}  {one.seconds:>7.1f}  {one.passed:>6}  {one.failed:>6}  {len(one.not_run):>7}"
        f"  {one.word}"
        for one in outcomes
    ]
    missing = [(one.name, *each) for one in outcomes for each in one.not_run]
    if missing:
        lines += ["", "not run (a failure, because this is CI):" if strict else "not run:"]
        lines += [f"  {step}: {title}: {reason}" for step, title, reason in missing]
    if untold := [f"  {one.name}: {one.not_told}" for one in outcomes if one.not_told]:
        lines += ["", "not checked here:", *untold]
    failed = sum(one.failed for one in outcomes) + (len(missing) if strict else 0)
    lines += ["", f"{sum(one.passed for one in outcomes)} passed, {failed} failed"]
    return "\n".join(lines), failed == 0
