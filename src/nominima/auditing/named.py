"""What is asked for by name: files, printed codes, claims, the README or all, and the commit that is meant."""

from itertools import chain
from pathlib import Path

from nominima.auditing.published import CLOSED, END, OPENED
from nominima.auditing.subject import README, SCOREBOARD, Name, Subject
from nominima.ground.files import Refusal, completed
from nominima.ground.places import detail
from nominima.tracing import repository
from nominima.tracing.walk import A_CODE, Walk, walk_code, walk_file

ALL = "all"
CODE = 12  # hexadecimal digits of a trace code


def subject(what: list[str], at: str | None, start: Path, root: Path) -> Subject:
    """What is asked for: files by their content or trace, printed codes, claims, or `all` of a commit.

    Args:
        what: each a file, a trace code, a claim (or the start of its name), the README or `all`.
        at: a commit, as Git names it; None: that which recorded the file, else HEAD.
        start: where relative paths begin.
        root: the project.

    Raises:
        Refusal: one is none of these, they are of several commits, or nothing of it is recorded in Git.
    """
    told = [README if (start / each).resolve() == (root / README).resolve() else each for each in what]
    walks = {each: found for each in told if each != README and (found := _walked(each, start))}
    commit = _commit(root, at, walks)
    bare = Subject(root, commit, [], [])
    if not bare.source.ledgers:
        raise Refusal(f"commit {commit[:12]} has no ledgers: nothing is recorded there that could be audited")
    if README in told:
        _check_readme(bare, at)
    jobs = [_of_walk(bare, each, walks[each]) if each in walks else _of(bare, each) for each in told]
    words = [walk.trace.key if (walk := walks.get(each)) and walk.trace else each for each in told]
    table = README in told or (ALL in told and bool(bare.readme))
    return Subject(root, commit, list(dict.fromkeys(chain.from_iterable(jobs))), words, table)


def _walked(what: str, start: Path) -> Walk | None:
    """The walk from a file or a printed code; None for anything else.

    Raises:
        Refusal: no commit records exactly this file, or this code.
    """
    if not (_is_code(what) or (start / what).is_file()):
        return None
    walk = walk_file(start / what, start) if (start / what).is_file() else walk_code(what, start)
    if walk.standing != "recorded":
        by_code = "" if walk.trace else f", by that code too: nominima audit {A_CODE}"
        raise Refusal(f"{what}: {walk.told}; only what a commit records can be audited{by_code}")
    return walk


def codes(what: list[str], start: Path) -> list[str]:
    """Those that are printed codes: nobody has seen the picture that they were read from."""
    return [each for each in what if _is_code(each) and not (start / each).is_file()]


def _is_code(what: str) -> bool:
    return len(what) == CODE and not set(what.lower()) - set("0123456789abcdef")


def _commit(root: Path, at: str | None, walks: dict[str, Walk]) -> str:
    if closed := repository.closed(root):
        raise Refusal(f"{root}: what is audited is recorded in Git, and {closed}")
    if at is not None:
        return repository.resolved(root, at)
    found = {walk.commit.id for walk in walks.values() if walk.commit}
    if len(found) > 1:
        raise Refusal(f"{', '.join(walks)}: recorded by several commits; audit one at a time, or choose one with --at")
    head = repository.head(root)
    if not found and head is None:
        raise Refusal(f"{root}: nothing is committed here, and only what is recorded in Git can be audited")
    return found.pop() if found else str(head)


def _of_walk(bare: Subject, what: str, walk: Walk) -> list[Name]:
    """The job that made a file, if the commit's ledgers tell of the very same."""
    found = bare.source.by_key(walk.trace.key) if walk.trace else None
    if found is None:
        raise Refusal(f"{what}: commit {bare.commit[:12]} records no file with its trace; leave out --at")
    return [(found.verb, found.job)]


def _check_readme(bare: Subject, at: str | None) -> None:
    """That the README of the commit has a table in it, and is that which lies here if no commit is named.

    Raises:
        Refusal: there is none, or it is another.
    """
    if not bare.readme:
        raise Refusal(f"{README}: in commit {bare.commit[:12]} it has no table between `{OPENED} {CLOSED}` and `{END}`")
    here = bare.root / README
    if at is None and here.is_file() and here.read_bytes() != bare.readme:
        raise Refusal(f"{README}: commit {bare.commit[:12]} has another; commit it first, or name a commit with --at")


def _of(bare: Subject, what: str) -> list[Name]:
    """All results, recorded or planned, what the README tells of, or the verdict and the pictures of a claim."""
    if what == README:
        return [SCOREBOARD]
    told = {
        verb: {**dict.fromkeys(ledger.jobs), **bare.plan.jobs(verb)} for verb, ledger in bare.source.ledgers.items()
    }
    if what == ALL:
        return [(verb, name) for verb in told for name in told[verb]]
    otherwise = f"neither a file, nor a printed code, nor a claim of commit {bare.commit[:12]}"
    claim = completed(what, told.get("judge", []), otherwise, [ALL])
    made = [("judge", claim), ("report", claim), ("report", detail(claim))]
    return [(verb, name) for verb, name in made if name in told.get(verb, [])]
