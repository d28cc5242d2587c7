"""What a rebuild will cost, told to people and to programs as JSON."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nominima.estimating.estimate import Expected, Forecast
from nominima.estimating.why import Reason
from nominima.ground.places import VERBS
from nominima.ground.texts import printable

BIGGEST = 5
HEADS = ("", "jobs", "CPU", "run now", "CPU now")


def show(estimate: Forecast, console: Console) -> None:
    """Print a line per verb, minutes on the cores, where the time goes, and the biggest jobs."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in HEADS:
        table.add_column(head, justify="right" if head else "left")
    for verb in (*VERBS, "seal"):
        table.add_row(*_row(verb, estimate.of(verb)))
    table.add_row(*_row("together", estimate.jobs), style="bold")
    console.print(table)
    cores = f"on {estimate.cores} core{'s' * (estimate.cores > 1)}"
    console.print(f"{cores}: about {span(estimate.wall(estimate.jobs))} for all of it, "
                  f"{span(estimate.wall(estimate.due))} for what would run now", highlight=False)  # fmt: skip
    steps, starts = shares(estimate)
    console.print(f"training steps take {steps:.0%} of the CPU time, starting torch {starts:.0%}", highlight=False)
    memory, disk = needs(estimate)
    console.print(f"its runs take {disk / 1e9:.1f} GB on disk, its largest job {memory / 1e9:.1f} GB of memory",
                  highlight=False)  # fmt: skip
    for job in biggest(estimate):
        console.print(Text.assemble((f"{span(job.seconds):>10}", "bold"), f"  {job.verb} {job.job}"), soft_wrap=True)
    for note in estimate.notes:
        console.print(Text(f"note: {note}", "yellow"), soft_wrap=True)


def tree(estimate: Forecast) -> dict[str, Any]:
    """The same as plain objects for JSON, in seconds."""
    steps, starts = shares(estimate)
    return {
        "cores": estimate.cores,
        "verbs": {verb: _sums(estimate.of(verb)) for verb in (*VERBS, "seal")},
        "all": _sums(estimate.jobs) | {"wall_seconds": round(estimate.wall(estimate.jobs), 1)},
        "now": {"wall_seconds": round(estimate.wall(estimate.due), 1)},
        "share_of_training_steps": round(steps, 3),
        "share_of_starting_torch": round(starts, 3),
        "largest_job_bytes": round(needs(estimate)[0]),
        "disk_bytes": round(needs(estimate)[1]),
        "biggest": [
            {"verb": job.verb, "job": job.job, "cpu_seconds": round(job.seconds, 1)} for job in biggest(estimate)
        ],
        "notes": estimate.notes,
    }


def show_why(reasons: Sequence[Reason], console: Console) -> None:
    """Print each job that would run for reasons of its own with what moved, and how many rest on them."""
    if not reasons:
        console.print("nothing is to be done")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("job", "what moved", "CPU"):
        table.add_column(head, justify="right" if head == "CPU" else "left", overflow="fold")
    for reason in (each for each in reasons if each.moved):
        job = Text(f"{reason.verb} {reason.job}")
        table.add_row(job, Text("\n".join(map(printable, reason.moved))), span(reason.seconds))
    console.print(table)
    rest = [each for each in reasons if not each.moved]
    each = ", ".join(
        f"{verb} {sum(one.verb == verb for one in rest)}" for verb in dict.fromkeys(one.verb for one in rest)
    )
    told = f"and {len(rest)} jobs that rest on these ({each}), {span(sum(one.seconds for one in rest))}" if rest else ""
    console.print(
        Text("\n".join(filter(None, [told, f"together {span(sum(one.seconds for one in reasons))} of CPU time"])))
    )


def shares(estimate: Forecast) -> tuple[float, float]:
    """Of all CPU time of all jobs: that of training steps, and that of starting processes with torch."""
    whole = sum(job.seconds for job in estimate.jobs)
    return sum(job.steps for job in estimate.jobs) / whole, sum(job.start for job in estimate.jobs) / whole


def needs(estimate: Forecast) -> tuple[float, float]:
    """Bytes: of memory, what the job holds that holds most; of disk, what all trajectories take."""
    return max(job.memory for job in estimate.jobs), sum(job.disk for job in estimate.jobs)


def biggest(estimate: Forecast) -> list[Expected]:
    """The jobs that take longest."""
    return sorted(estimate.jobs, key=lambda job: -job.seconds)[:BIGGEST]


def _sums(jobs: Iterable[Expected]) -> dict[str, Any]:
    kept = list(jobs)
    due = [job for job in kept if job.due]
    return {
        "jobs": len(kept),
        "cpu_seconds": round(sum(job.seconds for job in kept), 1),
        "jobs_now": len(due),
        "cpu_seconds_now": round(sum(job.seconds for job in due), 1),
    }


def _row(name: str, jobs: Iterable[Expected]) -> tuple[str, ...]:
    sums = _sums(jobs)
    return (name, str(sums["jobs"]), span(sums["cpu_seconds"]), str(sums["jobs_now"]), span(sums["cpu_seconds_now"]))


def span(seconds: float) -> str:
    """A stretch of time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
