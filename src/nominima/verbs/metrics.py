"""report: the verdicts as DVC shows and compares them: a few numbers of each claim, and every cell of each."""

import json
from collections.abc import Iterator
from typing import Any

from nominima.ground.files import write
from nominima.judging.record import Scoreboard, Standing, Verdict, read_judged
from nominima.tracing import job
from nominima.tracing.artefact import MARK
from nominima.tracing.trace import Trace


def metrics(task: job.Work) -> None:
    """Write what `dvc metrics` reads, then what `dvc plots` reads, of the claims that the spec names."""
    board, _ = read_judged(next(path for path in task.inputs if path.stem == "scoreboard"), Scoreboard)
    claims = {standing.claim: flat(standing) for standing in board.standings}
    verdicts = [path for path in sorted(task.inputs) if path.stem in claims]
    cells = [cell for path in verdicts for cell in drawn(read_judged(path, Verdict)[0])]
    for path, told in zip(task.outputs, (claims, cells), strict=True):
        write(path, yaml(told, task.trace))
    print(f"{len(claims)} claims, {len(cells)} cells: trace {task.trace.key}")


def flat(standing: Standing) -> dict[str, Any]:
    """A claim in a line: its word, the number of the cell that speaks least for it, its trend, and what it rests on."""
    return {
        "word": standing.outcome,
        "number": standing.estimate.value,
        "low": standing.estimate.low,
        "high": standing.estimate.high,
        "trend": standing.growth,
        "supported": standing.supported,
        "tested": standing.tested,
        "runs": standing.runs,
        "lost": standing.lost,
    }


def drawn(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """Every number that decides in a cell, of the claim and of its parts, with its 95 % interval."""
    for part in (verdict.primary, *verdict.parts):
        for cell in part.cells:
            for found in cell.numbers:
                several = [found.name] if len(cell.numbers) > 1 else []
                yield {
                    "claim": ": ".join(filter(None, [verdict.claim, part.name])),
                    "cell": ", ".join([cell.name, *several]),
                    "number": found.estimate.value,
                    "low": found.estimate.low,
                    "high": found.estimate.high,
                    "word": found.outcome,
                }


def yaml(told: Any, trace: Trace) -> bytes:
    """YAML below a comment with the trace, where DVC does not take it for numbers."""
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
    return MARK + f"{trace.dumps()}\n{text}\n".encode()


if __name__ == "__main__":
    job.main("report", metrics)
