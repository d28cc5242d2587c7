"""The README's table of verdicts, made again from the recorded scoreboard of its commit; the rest of it is prose."""

from pathlib import Path

from nominima.auditing.again import Made
from nominima.auditing.contents import compare
from nominima.auditing.grades import Graded, graded_as
from nominima.auditing.published import with_table
from nominima.auditing.subject import README, Name, Subject
from nominima.drawing.verdicts import markdown
from nominima.ground.files import Refusal, digest, write
from nominima.ground.places import verdict
from nominima.judging.record import Scoreboard, read_judged
from nominima.judging.words import titles

TABLE: Name = (README, "table")
"""It stands among the jobs of an audit, although no job makes it: people paste it."""


def table(subject: Subject, aside: Path) -> tuple[Made, list[Graded]]:
    """The README with the table as `nominima verdicts --markdown` prints it, and how like it the commit's README is.

    Args:
        subject: whose README and scoreboard are read.
        aside: an empty folder for both.
    """
    recorded, again = aside / "recorded" / README, aside / README
    write(recorded, subject.readme)
    scoreboard = verdict("scoreboard")
    stored = subject.stored(scoreboard, aside / "recorded")
    try:
        board = read_judged(stored, Scoreboard)[0] if stored else None
    except Refusal:
        board = None
    if board is None:
        why = f"{scoreboard} is nowhere here with its recorded bytes, or is none that this program reads"
        return Made(None, why), [Graded(README, digest(recorded), "", "not recomputed", why)]
    write(again, with_table(subject.readme.decode(errors="replace"), markdown(board, titles())).encode())
    told = README, digest(recorded), digest(again)
    same = told[1] == told[2]
    if same:
        return Made(aside), [Graded(*told, "bitwise")]
    found = graded_as(*told, compare(recorded, again), traced=True)
    return Made(aside), [found._replace(why="but for spaces and order") if found.grade == "bitwise" else found]
