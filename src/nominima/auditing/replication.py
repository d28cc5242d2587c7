"""A replication: claims judged again on fresh seeds, and their words and intervals beside the recorded ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, get_args

from nominima.auditing.again import Made, make_again
from nominima.auditing.audit import other
from nominima.auditing.grades import GONE
from nominima.auditing.recipe import Recipe
from nominima.auditing.replica import MISSING, Grade, Replica, compare
from nominima.auditing.subject import SCOREBOARD, Name, Subject
from nominima.ground.files import Refusal
from nominima.ground.places import detail, verdict
from nominima.judging.record import Verdict, read_judged

OF_ALL = ("scoreboard", "page", "metrics")  # jobs whose files tell of all claims


class Replication(NamedTuple):
    """What came of all claims; source and environment as in an audit."""

    subject: Subject
    recipe: Recipe
    replicas: list[Replica]
    made: dict[Name, Made]
    source: list[str]
    environment: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """Grade → claims."""
        found = [replica.grade for replica in self.replicas]
        return {grade: found.count(grade) for grade in get_args(Grade) if grade in found}

    @property
    def grade(self) -> str:
        """That of the worst claim."""
        return next(iter(self.counts))

    def fails(self, strict: bool) -> bool:
        """Whether a claim fails, or if strict has another word anywhere, in a cell too."""
        return any(each.fails or (strict and (each.changed or each.moved)) for each in self.replicas)


def with_fresh_seeds(subject: Subject, first: int) -> Subject:
    """The claims that a subject's results are of, to be trained, measured and judged with fresh seeds.

    Raises:
        Refusal: the results are of no claim.
    """
    found = replace(subject, asked=_claims(subject), seeds=first, table=False)
    if not found.asked:
        told = f"{', '.join(subject.words)}: is of no claim, and only claims are replicated"
        raise Refusal(f"{told}; name a claim, its verdict or a figure of it")
    return found


def check_fresh(subject: Subject, recipe: Recipe) -> None:
    """That fresh seeds can be trained, and change anything.

    Raises:
        Refusal: a claim rests on networks that were trained elsewhere; no job has other values than the recorded one.
    """
    trained = (job for verb, job in recipe.jobs if verb == "train")
    adopted = next((job for job in trained if subject.plan.stacks[job][0].training.checkpoints), None)
    if adopted:
        raise Refusal(f"--seeds: {adopted} was trained elsewhere, and fresh seeds of it cannot be trained here")
    known = [name for name in recipe.jobs if name not in recipe.obstacles]
    same = all(subject.plan.jobs(verb)[job].spec == subject.job((verb, job)).spec for verb, job in known)
    if known and same:
        told = ", ".join(claim for _, claim in subject.asked)
        raise Refusal(f"{told}: rests on no seed, so fresh ones change nothing; `--from data` makes it again")


def replicate(
    subject: Subject, recipe: Recipe, aside: Path, cores: int, tell: Callable[[Name, Made], None]
) -> Replication:
    """Make a recipe's jobs with fresh seeds in the empty folder `aside`, and set the words beside the recorded ones.

    Raises:
        Refusal: a recorded verdict is nowhere here, or of another form than this program reads.
    """
    recorded = {name: _recorded(subject, name[1], aside / "recorded")
                for name in subject.asked if name not in recipe.obstacles}  # fmt: skip
    made = make_again(subject, recipe, aside, cores, tell)
    replicas = [_replica(name[1], recorded.get(name), made[name]) for name in subject.asked]
    return Replication(subject, recipe, replicas, made, *other(subject, recipe))


def _claims(subject: Subject) -> list[Name]:
    """The judging jobs of the claims that results are of, each once."""
    known, found = subject.plan.params.claims, dict[str, None]()
    for verb, name in subject.asked:
        if (verb, name) == SCOREBOARD or (verb == "report" and name in OF_ALL):
            found |= dict.fromkeys(known)
        elif verb == "judge":
            found[name] = None
        elif verb == "report":
            found |= dict.fromkeys(claim for claim in known if name in (claim, detail(claim)))
    return [("judge", name) for name in found]


def _recorded(subject: Subject, claim: str, aside: Path) -> Verdict:
    path = verdict(claim)
    stored = subject.stored(path, aside)
    if stored is None:
        raise Refusal(f"{path}: {GONE}")
    try:
        return read_judged(stored, Verdict)[0]
    except Refusal as refusal:
        told = f"commit {subject.commit[:12]} has it in a form that this program does not read"
        raise Refusal(f"{path}: {told}; audit it in a checkout of that commit") from refusal


def _replica(claim: str, recorded: Verdict | None, made: Made) -> Replica:
    if recorded is None or made.folder is None:
        return Replica(claim, recorded.outcome if recorded else MISSING, [], [], made.why)
    return compare(claim, recorded, read_judged(made.folder / verdict(claim), Verdict)[0])
