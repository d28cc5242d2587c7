"""What an audit will do and what it found, told to people and to programs as JSON."""

import math
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.table import Table

from nominima.auditing.again import NOWHERE
from nominima.auditing.audit import Audit, Beginning
from nominima.auditing.grades import PUBLISHED, Graded
from nominima.auditing.recipe import Recipe, otherwise
from nominima.auditing.subject import OTHERWISE, Name
from nominima.drawing.estimates import span
from nominima.ground.places import VERBS
from nominima.tracing.tell import few, text

FEW, VALUES = 6, 12
COLOURS = {"bitwise": "green", "rounding": "green", "different": "red"}
MEANS = {
    "different": "a word of a verdict changed, or what is published says another",
    "same verdict": "numbers or texts differ, every word that decides stays",
    "unlike": "numbers differ by more than rounding; no verdict that rests on them was made again",
    "rounding": "numbers differ by at most 1e-5 of their size",
    "bitwise": "the same to the last bit",
    "not recomputed": "could not be made again, or not be compared",
}


def before(recipe: Recipe, seconds: float, cores: int, console: Console) -> None:
    """Say what will run, and for about how long."""
    jobs = [name for name in recipe.jobs if name not in recipe.obstacles]
    parts = [
        f"{verb} {sum(name[0] == verb for name in jobs)}" for verb in VERBS if any(name[0] == verb for name in jobs)
    ]
    which = f" ({', '.join(parts)})" if parts else ""
    told = f"{_counted(len(jobs), 'job')} to make again{which}, about {span(seconds)} on {_counted(cores, 'core')}"
    console.print(text(f"{told}; taken as recorded: {_counted(len(recipe.given), 'file')}"), soft_wrap=True)


def show(audit: Audit, console: Console) -> None:
    """Print what this program and machine are otherwise, the grades, where differences begin, and what was not made."""
    console.print(text(f"commit {audit.subject.commit[:12]}", "bold"))
    for note in _notes(audit):
        console.print(text(f"note: {note}", "yellow"), soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for grade, count in audit.counts.items():
        table.add_row(text(grade, COLOURS.get(grade, "yellow")), _counted(count, "file"), MEANS[grade])
    console.print(table)
    grave = [each for each in audit.beginnings if each.grade != "rounding"]
    for begins in grave[:FEW]:
        console.print(text(["", f"✘ begins in {' '.join(begins.job)}"], "red"))
        console.print(text([f"  {line}" for line in _beginning(begins)]), soft_wrap=True)
    if len(grave) > FEW:
        console.print(text(f"… and in {len(grave) - FEW} more jobs"))
    rounded = [" ".join(each.job) for each in audit.beginnings if each.grade == "rounding"]
    if rounded:
        console.print(text(f"rounding begins in {few(rounded)}"), soft_wrap=True)
    if audit.recipe.starts:
        told = [f"{' '.join(name)} {start}" for name, start in audit.recipe.starts.items()]
        console.print(text(f"of these only the start was made again: {few(told)}", "yellow"), soft_wrap=True)
    for why, names in _missing(audit).items():
        console.print(text(f"! not recomputed: {few(names)}: {why}", "yellow"), soft_wrap=True)
    for remedy in _remedies(audit):
        console.print(text(f"  {remedy}"), soft_wrap=True)
    largest = max((file.largest for file in audit.files), default=0.0)
    off = f", numbers off by {largest:.2g} of their size at most" if largest else ""
    console.print(text(f"{audit.grade}: the worst of {_counted(len(audit.files), 'file')} of "
                       f"{_counted(len(audit.jobs), 'job')}{off}",
                       COLOURS.get(audit.grade, "yellow")))  # fmt: skip


def _notes(audit: Audit) -> Iterator[str]:
    """What besides the commit explains a grade, or narrows what it says."""
    for name, lines in (("environment", audit.environment), ("source", audit.source)):
        if lines:
            yield f"other {name} than made it: {few(lines)}"
    for why, names in _by_reason(otherwise(audit.subject, audit.recipe)).items():
        yield f"taken as recorded, although the commit's params.yaml asks otherwise: {few(names)}: {why}"


def tree(audit: Audit) -> dict[str, Any]:
    """The same as plain objects for JSON, every file in full."""
    return {
        "commit": audit.subject.commit,
        "grade": audit.grade,
        "counts": audit.counts,
        "other_environment": audit.environment,
        "other_source": audit.source,
        "starts": starts(audit),
        "begins": [
            {"job": " ".join(each.job), "files": [file.path for file in each.files]} for each in audit.beginnings
        ],
        "jobs": {
            " ".join(name): {"seconds": round(audit.made[name].seconds, 2), "files": [_file(file) for file in files]}
            for name, files in audit.jobs.items()
        },
    }


def starts(audit: Audit) -> dict[str, str]:
    """Job of which only the start was made again → up to where."""
    return {" ".join(name): str(start) for name, start in audit.recipe.starts.items()}


def begins(audit: Audit) -> dict[str, list[str]]:
    """Job in which a difference begins → its files, with the first values that differ."""
    return {" ".join(each.job): [line for file in each.files for line in _lines(file)] for each in audit.beginnings}


def _file(file: Graded) -> dict[str, Any]:
    largest = file.largest if math.isfinite(file.largest) else None
    return file._asdict() | {"largest": largest, "changes": [change._asdict() for change in file.changes]}


def _beginning(begins: Beginning) -> Iterator[str]:
    """Its parameters, then each file with the values that differ, recorded and new."""
    values = [f"{key} {value}" for key, value in begins.values.items() if len(value) < 60]
    if values:
        yield f"with {few(values, VALUES)}"
    for file in begins.files[:FEW]:
        yield from _lines(file)


def _lines(file: Graded) -> Iterator[str]:
    why = f" ({file.why})" if file.why else ""
    yield f"{file.path}: {file.grade}{why}"
    for each in file.changes[:FEW]:
        if file.path.endswith(PUBLISHED):
            yield f"  {file.path} says {each.recorded} for {each.place}; recorded is {each.again}"
        else:
            yield f"  {each.place}: recorded {each.recorded}, again {each.again}"


def _remedies(audit: Audit) -> Iterator[str]:
    """What helps where jobs could not be made again."""
    if any(why.endswith(NOWHERE) for why in _missing(audit)):
        yield "`dvc pull` brings recorded bytes where a remote is set; `--from data` needs raw data only"
    if any(why.startswith(OTHERWISE) for why in audit.recipe.obstacles.values()):
        yield audit.subject.by_itself


def _missing(audit: Audit) -> dict[str, list[str]]:
    """Why → the jobs that could not be made again."""
    return _by_reason({name: made.why for name, made in audit.made.items() if made.folder is None})


def _by_reason(why: dict[Name, str]) -> dict[str, list[str]]:
    """Why → the jobs of which it is said."""
    found: dict[str, list[str]] = {}
    for name, reason in why.items():
        found.setdefault(reason, []).append(" ".join(name))
    return found


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
