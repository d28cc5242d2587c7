"""Grades: how far what was made again is what was recorded, by file, and what a job's files say together."""

from pathlib import Path
from typing import Literal, NamedTuple, get_args

from nominima.auditing.again import Made
from nominima.auditing.contents import UNREADABLE, Change, Difference, compare
from nominima.auditing.pictures import shows
from nominima.auditing.recipe import Recipe
from nominima.auditing.subject import PAGE, Name, Subject
from nominima.ground.files import Refusal, digest
from nominima.tracing.artefact import read_trace
from nominima.tracing.trace import Trace

Grade = Literal["different", "same verdict", "unlike", "rounding", "bitwise", "not recomputed"]
GRADES: tuple[Grade, ...] = get_args(Grade)
"""Worst first, but that what was not recomputed is neither good nor bad."""
SHOWN = 5
PUBLISHED = (".html", ".md")  # of verdicts, what is recorded of them
GONE = "its recorded bytes are nowhere here to compare with"


class Graded(NamedTuple):
    """A file of a job: its digests, recorded and new (empty: not made again), its grade and why.

    largest, changes: see contents.Difference.
    """

    path: str
    recorded: str
    again: str
    grade: Grade
    why: str = ""
    largest: float = 0.0
    changes: tuple[Change, ...] = ()


def graded(subject: Subject, recipe: Recipe, made: dict[Name, Made], aside: Path) -> dict[Name, list[Graded]]:
    """Every file of every job of a recipe, the jobs in its order.

    A number that is off by more than rounding is a matter of the verdicts that rest on it: a file whose numbers are
    has the grade of the worst of them; `unlike` where none was made again. What a report says has no such excuse where
    all that it is made of came out as recorded, by the same source and in the same environment: it is `different`.
    """
    found: dict[Name, list[Graded]] = {}
    for name in recipe.jobs:
        files = _job(subject, name, made[name], aside)
        if name[0] == "report" and all(worst(found[above]) == "bitwise" for above in recipe.rests[name]):
            files = _without_excuse(subject, name, files)
        start = recipe.starts.get(name)
        told = f"{start}; what is later is taken as recorded" if start else ""
        found[name] = [each._replace(why="; ".join(filter(None, (each.why, told)))) for each in files]
    for name in reversed(recipe.jobs):
        below = _worst_verdict(recipe, found, name)
        found[name] = [each._replace(grade=below) if each.grade == "unlike" and below else each for each in found[name]]
    return found


def worst(files: list[Graded]) -> Grade:
    """The worst grade of some files; `not recomputed` only where none was."""
    found = {each.grade for each in files}
    return next(grade for grade in GRADES if grade in found or grade == "not recomputed")


def _job(subject: Subject, name: Name, made: Made, aside: Path) -> list[Graded]:
    entry = subject.entry(name)
    if entry is None or made.folder is None:
        outputs = entry.outputs if entry else dict.fromkeys(subject.planned(name), "")
        return [Graded(path, told, "", "not recomputed", made.why) for path, told in sorted(outputs.items())]
    files = {path: _file(subject, path, told, made.folder, aside) for path, told in sorted(entry.outputs.items())}
    charts = [file for path, file in files.items() if path.endswith(".vl.json")]
    for path, file in files.items():
        if file.grade == "unlike" and charts and path.endswith((".svg", ".png")):
            files[path] = _picture(subject, file, charts[0], subject.source.ledgers[name[0]].trace(name[1]), aside)
    return list(files.values())


def _without_excuse(subject: Subject, name: Name, files: list[Graded]) -> list[Graded]:
    """What a report says otherwise than what it was made of is `different`, if nothing else explains it."""
    if not any(each.grade == "unlike" for each in files) or subject.moved(name) or subject.elsewhere(name):
        return files
    return [each._replace(grade="different") if each.grade == "unlike" else each for each in files]


def _picture(subject: Subject, file: Graded, chart: Graded, trace: Trace, aside: Path) -> Graded:
    """A picture has the code of its trace in it: it is as like as the chart that it was drawn from, if it was."""
    picture, drawn = (subject.stored(path, aside / "recorded") for path in (file.path, chart.path))
    if picture is None or drawn is None:
        return file._replace(grade="not recomputed", why=GONE)
    try:
        same = shows(picture, drawn, trace)
    except (Refusal, *UNREADABLE) as error:
        return file._replace(why=f"it cannot be compared with its chart: {error}")
    return file._replace(grade=chart.grade, why="as its chart") if same else file._replace(why="it is not its chart's")


def _file(subject: Subject, path: str, recorded: str, folder: Path, aside: Path) -> Graded:
    again = digest(folder / path)
    if again == recorded:
        return Graded(path, recorded, again, "bitwise")
    stored = subject.stored(path, aside / "recorded")
    if stored is None:
        return Graded(path, recorded, again, "not recomputed", GONE)
    differs = compare(stored, folder / path)
    if differs and subject.makers[path] == PAGE and not subject.moved(PAGE):
        differs = differs._replace(decided=[*differs.decided, *differs.told])  # it tells nothing of its own
    found = graded_as(path, recorded, again, differs, traced=_by_trace(stored, folder / path))
    if found.grade in ("rounding", "bitwise") and not subject.sealed(path, stored):
        return found._replace(grade="unlike", why="the trace in it is not that of its ledger")
    return found


def _by_trace(recorded: Path, again: Path) -> bool:
    """Whether two files hold other traces: only then may their bytes differ although they say the same."""
    try:
        return read_trace(recorded) != read_trace(again)
    except Refusal:
        return True  # Subject.sealed tells of it


def graded_as(path: str, recorded: str, again: str, found: Difference | None, *, traced: bool) -> Graded:
    """A file by its digests, which differ, and by what it says otherwise; None: only its bytes can be compared.

    traced: whether its trace is another, which explains other bytes.
    """
    if found is None:
        return Graded(path, recorded, again, "unlike")
    changes = tuple(found.changes[:SHOWN])
    word = path.startswith("reports/verdicts/") or path.endswith(PUBLISHED)
    if found.equal and traced:
        return Graded(path, recorded, again, "bitwise", "but for the trace in it")
    if found.equal:
        return Graded(path, recorded, again, "same verdict" if word else "unlike", "other bytes that say the same")
    if found.decided:
        return Graded(path, recorded, again, "different", f"{found.decided[0]} changed", found.largest, changes)
    if not (found.told or found.beyond):
        return Graded(path, recorded, again, "rounding", "", found.largest, changes)
    why = f"{found.told[0]} changed" if found.told else f"{found.beyond[0]} by more than rounding"
    return Graded(path, recorded, again, "same verdict" if word else "unlike", why, found.largest, changes)


def _worst_verdict(recipe: Recipe, found: dict[Name, list[Graded]], name: Name) -> Grade | None:
    """The worst grade of the verdicts made again that rest on a job, or on which it rests if it is a figure."""
    below = {name}
    for each in recipe.jobs:
        if recipe.rests[each] & below:
            below.add(each)
    above = {each for each in recipe.rests[name] if each[0] == "judge"}
    files = [file for each in (below | above) if each[0] == "judge" for file in found[each]]
    grades = [file.grade for file in files if file.path.startswith("reports/verdicts/")]
    grades = [grade for grade in grades if grade != "not recomputed"]
    if not grades:
        return None
    # Verdicts that are the same although this is not: the word stays.
    return "different" if "different" in grades else "same verdict"
