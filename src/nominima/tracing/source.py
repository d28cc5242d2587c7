"""Whether a commit's params.yaml and source are those that made its results, and what changed since then.

Every commit is asked through this module of its own, so it is never moved.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

from nominima.ground.files import Refusal
from nominima.ground.places import VERBS
from nominima.planning.plan import Plan
from nominima.planning.reader import load
from nominima.tracing.history import Source, git_bytes
from nominima.tracing.trace import Trace, differences

SECONDS = 120
NEEDED = ("src", "params.yaml", "requirements*.lock")  # all that decides about a plan


class Check(NamedTuple):
    """`same` is None where the commit could not be asked; `differing` names jobs that it plans otherwise."""

    same: bool | None
    told: str
    differing: list[str]


def check(root: Path, commit: str, jobs: list[tuple[str, str, Trace]]) -> Check:
    """Compare (verb, job, trace) with what the commit's params.yaml and source plan: its own code is asked."""
    try:
        planned = _planned(root, commit)
    except Refusal as refusal:
        return Check(None, f"params.yaml and source of commit {commit[:12]} cannot be asked: {refusal}", [])
    differing = [line for verb, job, trace in jobs for line in _compared(planned, verb, job, trace)]
    if differing:
        return Check(False, f"made from parameters or source that are not those of commit {commit[:12]}", differing)
    return Check(True, f"params.yaml and source of commit {commit[:12]} are exactly those that made it", [])


def since(head: Source, jobs: list[tuple[str, str, Trace]]) -> list[str]:
    """What the ledgers at HEAD tell otherwise of the same jobs: parameters in full, source by name."""
    lines: list[str] = []
    for verb, job, trace in jobs:
        now = head.ledgers[verb].jobs.get(job) if verb in head.ledgers else None
        if now is None:
            lines.append(f"{verb} {job}: is not made any more")
            continue
        lines += [f"{verb} {job}: {line}" for line in differences(_own(verb, trace.spec), _own(verb, now.spec))]
        lines += [f"{verb} {job}: other source"] if trace.code != now.code else []
    return lines


def _own(verb: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A spec without the runs of a measurement, which `train` tells of."""
    return {key: value for key, value in spec.items() if verb != "measure" or key not in ("run", "lanes")}


def _compared(planned: dict[str, Any], verb: str, job: str, trace: Trace) -> list[str]:
    if job not in planned.get(verb, {}):
        return [f"{verb} {job}: not planned by params.yaml"]
    spec, code = planned[verb][job]
    lines = [f"{verb} {job}: {line}" for line in differences(trace.spec, json.loads(spec))]
    return lines if trace.code == code else [*lines, f"{verb} {job}: other source"]


def _planned(root: Path, commit: str) -> dict[str, Any]:
    """Verb → job → [spec, code], by the source of a commit, unpacked aside."""
    top = git_bytes(root, "ls-tree", "--name-only", "-z", commit).decode().strip("\0").split("\0")
    present = [name for name in top if any(fnmatch(name, needed) for needed in NEEDED)]
    if not {"src", "params.yaml"} <= set(present):
        raise Refusal("it has no src and params.yaml")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(git_bytes(root, "archive", commit, "--", *present))) as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)  # before 3.11.4 there is none to name
            tar.extractall(folder)  # noqa: S202 - of our own repository
        command = [sys.executable, "-m", "nominima.tracing.source", "../params.yaml"]
        try:
            done = subprocess.run(  # noqa: S603 - no shell
                command, cwd=Path(folder, "src"), env=environment, capture_output=True, timeout=SECONDS, check=True
            )
            return json.loads(done.stdout)
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise Refusal(f"they do not run here: {lines[-1]}") from None
        except (subprocess.TimeoutExpired, ValueError):
            raise Refusal("they give no plan") from None


def main() -> None:
    """`python -m nominima.tracing.source params.yaml`: what this source plans, as JSON {verb: {job: [spec, code]}}."""
    plan = Plan(load(Path(sys.argv[1])))
    jobs = {verb: {name: [job.spec, job.code] for name, job in plan.jobs(verb).items()} for verb in VERBS}
    print(json.dumps(jobs))


if __name__ == "__main__":
    main()
