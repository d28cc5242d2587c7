"""An audit: results made again as their commit's params ask, by the program that is here, and compared."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from nominima.auditing import readme
from nominima.auditing.again import Made, make_again
from nominima.auditing.grades import GRADES, Grade, Graded, graded, worst
from nominima.auditing.recipe import Recipe
from nominima.auditing.subject import Name, Subject
from nominima.planning import digests
from nominima.tracing import repository
from nominima.tracing.source import UNREADABLE, unpacked
from nominima.tracing.trace import flat


class Beginning(NamedTuple):
    """A job whose outputs differ while all that it was made of does not: where a difference comes in."""

    job: Name
    files: list[Graded]
    values: dict[str, str]

    @property
    def grade(self) -> Grade:
        """The worst of its files."""
        return worst(self.files)


class Audit(NamedTuple):
    """What came of it. `jobs` in the order in which they rest on each other, the README's table after them.

    source, environment: see `other`.
    """

    subject: Subject
    recipe: Recipe
    jobs: dict[Name, list[Graded]]
    made: dict[Name, Made]
    source: list[str]
    environment: list[str]

    @property
    def files(self) -> list[Graded]:
        """All files."""
        return [file for files in self.jobs.values() for file in files]

    @property
    def grade(self) -> Grade:
        """The worst of all files; `not recomputed` where one that was asked for was not, unless one is `different`."""
        asked = self.recipe.jobs if self.recipe.alone else self.subject.asked
        files = [file for name in (*asked, readme.TABLE) for file in self.jobs.get(name, [])]
        lacking = any(file.grade == "not recomputed" for file in files)
        found = worst(self.files)
        return "not recomputed" if lacking and found != "different" else found

    @property
    def counts(self) -> dict[Grade, int]:
        """Grade → files, worst first."""
        found = [file.grade for file in self.files]
        return {grade: found.count(grade) for grade in GRADES if grade in found}

    @property
    def beginnings(self) -> list[Beginning]:
        """Where differences begin."""
        unlike = {name for name, files in self.jobs.items() if worst(files) not in ("bitwise", "not recomputed")}
        first = [name for name in self.jobs if name in unlike and not self.recipe.rests.get(name, set()) & unlike]
        return [
            Beginning(
                name,
                [file for file in self.jobs[name] if file.grade != "bitwise"],
                flat(json.loads(self.subject.job(name).spec)) if name in self.recipe.jobs else {},
            )
            for name in first
        ]


def audit(subject: Subject, recipe: Recipe, aside: Path, cores: int, tell: Callable[[Name, Made], None]) -> Audit:
    """Make a recipe's jobs again in the empty folder `aside`, and grade their files against the recorded ones."""
    made = make_again(subject, recipe, aside, cores, tell)
    jobs = graded(subject, recipe, made, aside)
    if subject.table:
        made[readme.TABLE], jobs[readme.TABLE] = readme.table(subject, aside / "table")
    return Audit(subject, recipe, jobs, made, *other(subject, recipe))


def other(subject: Subject, recipe: Recipe) -> tuple[list[str], list[str]]:
    """What besides values differs from what made the recorded files: modules of the source, and the machine."""
    entries = {name: entry for name in recipe.jobs if (entry := subject.entry(name)) and name not in recipe.obstacles}
    moved = sorted({subject.job(name).code for name, entry in entries.items() if subject.job(name).code != entry.code})
    modules: set[str] = set()
    if moved:
        with unpacked(subject.root, repository.blobs(subject.root, subject.commit)) as source:
            for code in moved:
                modules |= _moved(code.partition("@")[0].split("+"), source)
    return sorted(modules), sorted({line for name in entries for line in subject.elsewhere(name)})


def _moved(roots: list[str], other: Path) -> set[str]:
    """Modules that differ in another source, or that it cannot be read."""
    try:
        return digests.moved(*roots, other=other)
    except (*UNREADABLE, RecursionError, MemoryError):
        return {"the commit's source, which cannot be read"}
