"""The verb `judge`: apply a claim's rule to its measurements, or set the verdicts of all claims side by side."""

from collections.abc import Callable

import polars as pl

from nominima.judging import evidence, trend
from nominima.judging.decide import decide, standing
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.parts import Findings, Part, View, narrowed
from nominima.judging.record import Scoreboard, Verdict, read_judged, write_judged
from nominima.judging.rules import Rule
from nominima.measuring.table import failures
from nominima.planning import shelf
from nominima.tracing import job

SHOWN = 3  # failed measures that are named
NO_LANES = pl.DataFrame(schema={"size": pl.Float64, "seed": pl.Int64, "value": pl.Float64, "status": pl.String})


def judge(task: job.Work) -> None:
    """Judge the claim that the spec names, or make the scoreboard if it names all of them.

    Outputs: the verdict, the numbers behind it and those behind its trend; or the scoreboard.
    """
    if "claims" in task.spec:
        board = Scoreboard(standings=[standing(read_judged(path, Verdict)[0]) for path in sorted(task.inputs)])
        write_judged(task.outputs[0], board, task.trace)
        for line in board.standings:
            print(f"{line.claim}: {line.outcome}. {line.reason}")
        return
    name = task.spec["claim"]
    module = shelf.load("claims", name)
    measurements = evidence.load(task.inputs)
    found, failed = job.attempted(lambda: findings(module.judge, module.RULE, measurements))
    found = found or nothing(module.RULE, f"judging it failed ({failed})")
    verdict = decide(name, found, lost(failures(evidence.tables(task.inputs))))
    write_judged(task.outputs[0], verdict, task.trace)
    evidence.write_numbers(task.outputs[1], evidence.numbers(found), task.trace)
    evidence.write_trends(task.outputs[2], trend.record(found), task.trace)
    print(f"{name}: {verdict.outcome}. {verdict.reason}")


def lost(failed: list[str]) -> str:
    """A sentence on measures that failed, after the reason of a verdict."""
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return f" Measures that failed: {'; '.join(failed[:SHOWN])}{more}." if failed else ""


def findings(judging: Callable[[Evidence], Findings], rule: Rule, measurements: Evidence) -> Findings:
    """What a claim reads off the measurements, with the conditions that vary; missing evidence is named in it."""
    try:
        return narrowed(judging(measurements))
    except Missing as lack:
        return nothing(rule, str(lack))


def nothing(rule: Rule, lacks: str) -> Findings:
    """No number of a claim, and why."""
    return Findings(Part(rule, (View("nothing", NO_LANES),), lacks=lacks))


if __name__ == "__main__":
    job.main("judge", judge)
