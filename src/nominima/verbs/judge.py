"""judge: apply a claim's rule to its measurements, or set the verdicts of all claims side by side."""

from collections.abc import Callable

import polars as pl

from nominima.ground.files import read
from nominima.judging import evidence
from nominima.judging.claim import Findings, Scoreboard, Verdict, read_judged, write_judged
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.rule import rule_digest
from nominima.judging.trends import scoreboard
from nominima.judging.verdict import verdict
from nominima.measuring.table import failures
from nominima.planning import shelf
from nominima.tracing import job

SHOWN = 3  # failed measures that are named
NO_SIZES = pl.DataFrame(schema={"cell": pl.String, "size": pl.Float64, "seed": pl.Int64, "value": pl.Float64})


def judge(task: job.Job) -> None:
    """Judge the claim that the spec names, or make the scoreboard if it names all of them."""
    judged = _all(task) if "claims" in task.spec else _one(task)
    write_judged(task.outputs[0], judged, task.trace)
    for line in judged.standings if isinstance(judged, Scoreboard) else [judged]:
        print(f"{line.claim}: {line.outcome}. {line.reason}")


def findings(judging: Callable[[Evidence], Findings], measurements: Evidence) -> Findings:
    """What a claim reads off the measurements; evidence that is missing is told in them."""
    try:
        return judging(measurements)
    except Missing as lack:
        return Findings([], [], NO_SIZES, lacks=str(lack))


def _one(task: job.Job) -> Verdict:
    name = task.spec["claim"]
    module = shelf.load("claims", name)
    digest = rule_digest(module.CLAIM.rule, read(shelf.path("claims", name)).decode())
    judged = verdict(name, module.CLAIM, findings(module.judge, evidence.load(task.inputs)), digest)
    return judged.model_copy(update={"reason": judged.reason + lost(failures(task.inputs))})


def lost(failed: list[str]) -> str:
    """A sentence on measures that failed, after the reason of a verdict."""
    more = f" and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    return f" Measures that failed: {'; '.join(failed[:SHOWN])}{more}." if failed else ""


def _all(task: job.Job) -> Scoreboard:
    return scoreboard([read_judged(path, Verdict)[0] for path in sorted(task.inputs)])


if __name__ == "__main__":
    job.main("judge", judge)
