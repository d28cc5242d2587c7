"""What is checked before any job starts, so that Snakemake never trusts what it did not make."""

import hashlib
import re
from base64 import urlsafe_b64encode
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

from nominima.ground.files import Refusal, digest, write
from nominima.ground.places import VERBS
from nominima.ground.texts import canonical
from nominima.planning import digests
from nominima.planning.plan import Job, Plan

METADATA = Path(".snakemake/metadata")
INCOMPLETE = Path(".snakemake/incomplete")
PLANS = Path(".snakemake/plans")
SHOWN = 5


def no_config(config: dict[str, Any]) -> None:
    """Refuse `--config` and `--configfile`.

    Raises:
        Refusal: values came from outside params.yaml, where DVC and the traces would not see them.
    """
    if config:
        raise Refusal(f"--config {', '.join(sorted(config))}: every value lives in params.yaml; edit it there, "
                      "or try one with `dvc exp run --temp -S key=value`")  # fmt: skip


def rule_name(verb: str, subject: str) -> str:
    """Name of a rule for one kind of subject: `runs/sizes/{labels}` → `measure_runs_sizes`."""
    return "_".join([verb, *re.findall("[a-z0-9]+", subject.partition("/{")[0])])


def recorded(plan: Plan) -> None:
    """Refuse outputs that lie there with all their inputs but without Snakemake's record of how they were made.

    Raises:
        Refusal: such files exist, for example after `.snakemake` was deleted.
    """
    strays = [file for verb in VERBS for job in plan.jobs(verb).values() for file in _unrecorded(job)]
    if strays:
        more = f" and {len(strays) - SHOWN} more" if len(strays) > SHOWN else ""
        raise Refusal(
            f"{', '.join(strays[:SHOWN])}{more}: no record of how they were made; "
            "`dvc checkout` restores recorded files, or delete these and they are made again"
        )


def _unrecorded(job: Job) -> list[str]:
    if not all(Path(file).exists() for file in job.inputs):
        return []
    return [file for file in job.outputs if file.startswith("data/") and Path(file).exists() and not _known(file)]


def _known(file: str) -> bool:
    """Whether Snakemake has a record of an output, or a mark that its job was cut off, so that it runs it again."""
    return _record(METADATA, file).exists() or _record(INCOMPLETE, file).exists()


def _record(folder: Path, file: str) -> Path:
    """Where Snakemake keeps its record of an output (file persistence of snakemake 9.27)."""
    name = urlsafe_b64encode(file.encode()).decode()
    longest = 254
    parts = [name[start : start + longest] for start in range(0, len(name), longest)]
    return folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])


def snapshot(params: Path) -> str:
    """Digest of params.yaml, to see at the end whether it changed during the run."""
    return digest(params)


def plan_snapshot(plan: Plan, verb: str) -> str:
    """Write a verb's jobs, as `seal.planned` reads them, to .snakemake/plans/<digest>.json; return the digest."""
    content = canonical({name: job._asdict() for name, job in plan.jobs(verb).items()}).encode()
    name = hashlib.sha256(content).hexdigest()[:16]
    if not (PLANS / f"{name}.json").exists():
        write(PLANS / f"{name}.json", content)
    return name


def environment() -> list[str]:
    """Warnings: direct dependencies whose installed version is not one that the lock files pin."""
    direct = [re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in requires("nominima") or [] if "extra" not in line]
    warnings = []
    for name in direct:
        pinned, found = digests.pins().get(name.replace(".", "-"), ()), version(name).split("+")[0]
        if pinned and found not in pinned:
            warnings.append(f"{name} {found} is installed, locked is {' or '.join(pinned)}; results may differ")
    return warnings
