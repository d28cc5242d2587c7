"""The seal of a verb: all its files checked, what no job makes any more cleared away, its ledger written."""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from nominima.ground.files import REMEDY, Refusal, digest, digests, read, write
from nominima.ground.places import MADE_BY, VERBS, below, killed, ledger, owner
from nominima.planning.plan import Job
from nominima.tracing.artefact import read_trace
from nominima.tracing.job import spent
from nominima.tracing.ledger import Ledger, compose, read_ledger
from nominima.tracing.recorded import Elsewhere, edited
from nominima.tracing.trace import Trace, differences

AGAIN = f"delete it, then {REMEDY}"
SHOWN = 20


def seal(verb: str, jobs: dict[str, Job]) -> str:
    """Check every output of a verb's jobs, remove orphans, write the ledger; returns a line on what was done.

    Every file is read whole: nothing is remembered from an earlier reading.

    Checked are: the file is there and holds the trace of exactly the planned spec, code and inputs; the
    inputs are the files that the ledgers upstream list; a file of a trace that is recorded has the recorded
    bytes.

    Raises:
        Refusal: with a line per file that fails; nothing has been removed or written then.
    """
    path = Path(ledger(verb))
    previous = read_ledger(path) if path.exists() else None
    found = digests([Path(file) for job in jobs.values() for file in job.outputs])
    made = {str(file): value for file, value in found.items() if isinstance(value, str)}
    mistakes = [f"{file}: missing, though its job has ended; {REMEDY}"
                for file, value in found.items() if value is None]  # fmt: skip
    known = _upstream(verb) | made
    traces: dict[str, Trace] = {}
    elsewhere = Elsewhere()
    for name, job in jobs.items():
        for file in filter(made.__contains__, job.outputs):
            try:
                traces[name] = _checked(verb, file, job, known)
            except Refusal as refusal:
                mistakes.append(str(refusal))
                continue
            mistakes += filter(None, [edited(file, made[file], traces[name].key, previous, elsewhere)])
    _refuse(verb, mistakes)
    removed = clear(verb, made, previous)
    outputs = {name: {file: made[file] for file in job.outputs} for name, job in jobs.items()}
    write(path, compose(verb, traces, outputs).dumps())
    return f"{verb}: {len(made)} files of {len(jobs)} jobs sealed" + (f", {removed} orphans removed" if removed else "")


def _upstream(verb: str) -> dict[str, str]:
    """Path → digest of all that the verbs before this one made, and of their ledgers."""
    paths = [Path(ledger(each)) for each in VERBS[: VERBS.index(verb)]]
    sealed = [read_ledger(path).digests for path in paths]
    return {str(path): digest(path) for path in paths} | {
        file: value for each in sealed for file, value in each.items()
    }


def _checked(verb: str, file: str, job: Job, known: dict[str, str]) -> Trace:
    trace = read_trace(Path(file))
    if trace is None:
        raise Refusal(f"{file}: holds no trace, so no job of this pipeline made it; {AGAIN}")
    if trace.verb != verb:
        raise Refusal(f"{file}: made by {trace.verb}, the plan says {verb}; {AGAIN}")
    other = differences(trace.spec, json.loads(job.spec))
    if other:
        raise Refusal(f"{file}: made from other parameters than planned ({'; '.join(other[:3])}); {AGAIN}")
    if trace.code != job.code:
        raise Refusal(f"{file}: made by other code ({trace.code}, planned {job.code}); {AGAIN}")
    for path in sorted(set(job.inputs) ^ set(trace.inputs)):
        raise Refusal(f"{file}: {path} is an input only {'of the plan' if path in job.inputs else 'of it'}; {AGAIN}")
    for path, value in trace.inputs.items():
        now = known.get(path) or digest(Path(path))
        if now != value and path in known and digest(Path(path)) == value:
            behind = ledger(owner(path))
            raise Refusal(f"{file}: made from {path} as it is, but {behind} lists another; "
                          "`snakemake --cores all` seals that again")  # fmt: skip
        if now != value:
            raise Refusal(f"{file}: made from another {path} (SHA-256 {value[:12]}…, now {now[:12]}…); {AGAIN}")
    return trace


def _refuse(verb: str, mistakes: list[str]) -> None:
    if mistakes:
        more = [f"… and {len(mistakes) - SHOWN} more"] if len(mistakes) > SHOWN else []
        raise Refusal(
            "\n".join(
                [
                    f"{len(mistakes)} files are not sealed, {ledger(verb)} stays as it was:",
                    *mistakes[:SHOWN],
                    *more,
                ]
            )
        )


def clear(verb: str, made: Iterable[str], previous: Ledger | None) -> int:
    """Remove what the ledger so far names and no job makes any more, and what killed jobs left; returns the count.

    A file that is not as that ledger has it is somebody's own by now, and stays. Folders left empty go too.

    Raises:
        Refusal: a folder leads out of the project, or a file cannot be removed.
    """
    told, kept = previous.digests if previous else {}, set(made)
    lying = [file for folder in _folders(verb) for file in below(folder)]
    gone = [file for file in lying if killed(file) or (file not in kept and _same(file, told.get(file)))]
    try:
        for file in [*gone, *_unfinished(verb)]:
            Path(file).unlink()
            print(f"removed {file}: no job makes it")
        for folder in _folders(verb):
            _prune(folder)
    except OSError as error:
        raise Refusal(f"{error.filename}: no job makes it, and it cannot be removed: {error.strerror}") from error
    return len(gone)


def _folders(verb: str) -> Iterator[Path]:
    for folder in (Path(name) for name, maker in MADE_BY.items() if maker == verb and Path(name).is_dir()):
        if not folder.resolve().is_relative_to(Path.cwd()):
            raise Refusal(f"{folder} leads out of the project to {folder.resolve()}; make it a folder of the project")
        yield folder


def _same(file: str, recorded: str | None) -> bool:
    return recorded is not None and not Path(file).is_symlink() and digest(Path(file)) == recorded


def _unfinished(verb: str) -> list[str]:
    """What killed writes left of the page and of the ledger, whose folders are not the verb's own."""
    names = [ledger(verb), *(name for name, maker in MADE_BY.items() if maker == verb and not name.endswith("/"))]
    lying = [path.as_posix() for name in names for path in Path(name).parent.glob(f".{Path(name).name}.*")]
    return list(filter(killed, lying))


def _prune(folder: Path) -> None:
    for at, _, _ in os.walk(folder, topdown=False):
        if Path(at) != folder and not any(Path(at).iterdir()):
            Path(at).rmdir()


def planned(path: Path) -> dict[str, Job]:
    """A verb's jobs, as the workflow wrote them: {name: {"inputs", "outputs", "spec", "code"}}."""
    tree: dict[str, dict[str, Any]] = json.loads(read(path))
    return {name: Job(**job) for name, job in tree.items()}


def main() -> None:
    """`python -m nominima.verbs.seal --verb train --plan FILE`."""
    parser = argparse.ArgumentParser(prog="nominima seal")
    parser.add_argument("--verb", choices=VERBS, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    given = parser.parse_args()
    try:
        print(seal(given.verb, planned(given.plan)), spent(), sep="\n")
    except Refusal as refusal:
        sys.exit(f"seal {given.verb}: {refusal}")


if __name__ == "__main__":
    main()
