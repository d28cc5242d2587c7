"""Grades: how far what was made again is what was recorded, by file, and what a job's files say together."""

from pathlib import Path
from typing import Literal, NamedTuple, get_args

from nominima.auditing.again import Made
from nominima.auditing.contents import Change, compare
from nominima.auditing.recipe import Recipe
from nominima.auditing.subject import Name, Subject
from nominima.ground.files import digest

Grade = Literal["different", "same verdict", "unlike", "rounding", "bitwise", "not recomputed"]
GRADES: tuple[Grade, ...] = get_args(Grade)
"""Worst first, but that what was not recomputed is neither good nor bad."""
SHOWN = 5


class Graded(NamedTuple):
    """A file of a job: its digests, recorded and new (empty: not made again), its grade, and what it rests on.

    sealed: the two files are the same bytes; else they are compared without their traces. largest: see contents.
    """

    path: str
    recorded: str
    again: str
    grade: Grade
    why: str = ""
    largest: float = 0.0
    changes: tuple[Change, ...] = ()

    @property
    def sealed(self) -> bool:
        """Whether not even the trace in it differs."""
        return self.again == self.recorded


def graded(subject: Subject, recipe: Recipe, made: dict[Name, Made], aside: Path) -> dict[Name, list[Graded]]:
    """Every file of every job of a recipe, the jobs in its order.

    A number that is off by more than rounding is a matter of the verdicts that rest on it: a file whose numbers are
    has the grade of the worst of them; `unlike` where none was made again.
    """
    found = {name: _job(subject, name, made[name], aside) for name in recipe.jobs}
    for name in reversed(recipe.jobs):
        worst = _worst_verdict(recipe, found, name)
        found[name] = [each._replace(grade=worst) if each.grade == "unlike" and worst else each for each in found[name]]
    return found


def worst(files: list[Graded]) -> Grade:
    """The worst grade of some files; `not recomputed` only where none was."""
    found = {each.grade for each in files}
    return next(grade for grade in GRADES if grade in found or grade == "not recomputed")


def _job(subject: Subject, name: Name, made: Made, aside: Path) -> list[Graded]:
    entry = subject.entry(name)
    told = entry.outputs if entry else dict.fromkeys(subject.job(name).outputs, "")
    files = [_file(subject, path, recorded, made, aside) for path, recorded in sorted(told.items())]
    # A picture of pixels has the printed code in it: it is as like as the drawing that it was made of.
    kin = [each.grade for each in files if each.path.endswith((".vl.json", ".svg"))]
    close = min(kin, key=GRADES.index, default=None)
    return [each._replace(grade=close, why="as the drawing it is made of") if each.grade == "unlike" and close
            and each.path.endswith(".png") else each for each in files]  # fmt: skip


def _file(subject: Subject, path: str, recorded: str, made: Made, aside: Path) -> Graded:
    if made.folder is None:
        return Graded(path, recorded, "", "not recomputed", made.why)
    again = digest(made.folder / path)
    if again == recorded:
        return Graded(path, recorded, again, "bitwise")
    stored = subject.stored(path, aside / "recorded")
    if stored is None:
        return Graded(path, recorded, again, "unlike", "its recorded bytes are nowhere here to compare with")
    found = compare(stored, made.folder / path)
    if found is None:
        return Graded(path, recorded, again, "unlike")
    changes = tuple(found.changes[:SHOWN])
    if found.equal:
        return Graded(path, recorded, again, "bitwise", "but for the trace in it")
    if found.decided:
        return Graded(path, recorded, again, "different", f"{found.decided[0]} changed", found.largest, changes)
    if not (found.told or found.beyond):
        return Graded(path, recorded, again, "rounding", "", found.largest, changes)
    verdict = path.startswith("reports/verdicts/")
    why = f"{found.told[0]} changed" if found.told else f"{found.beyond[0]} by more than rounding"
    return Graded(path, recorded, again, "same verdict" if verdict else "unlike", why, found.largest, changes)


def _worst_verdict(recipe: Recipe, found: dict[Name, list[Graded]], name: Name) -> Grade | None:
    """The worst grade of the verdicts made again that rest on a job, or on which it rests if it is a figure."""
    below = {name}
    for each in recipe.jobs:
        if recipe.rests[each] & below:
            below.add(each)
    above = {each for each in recipe.rests[name] if each[0] == "judge"}
    files = [file for each in (below | above) if each[0] == "judge" for file in found[each]]
    grades = [file.grade for file in files if file.path.startswith("reports/verdicts/") and file.again]
    if not grades:
        return None
    # Verdicts that are the same although this is not: the word stays.
    return "different" if "different" in grades else "same verdict"
