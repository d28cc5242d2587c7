"""What every job sees, and what is checked before any starts."""

import hashlib
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from nominima.ground.files import Refusal, digest, write
from nominima.ground.texts import canonical
from nominima.planning import digests, subjects
from nominima.planning.plan import Job, Plan

PLANS = Path(".snakemake/plans")
PLAIN = str.maketrans({"_": "U", "-": "_", "/": "_"})
KILLED = re.compile(r"> (logs/\S+\.log) 2>&1' returned non-zero exit status 137")


def no_config(config: dict[str, Any]) -> None:
    """Refuse `--config` and `--configfile`.

    Raises:
        Refusal: values came from outside params.yaml, where DVC and the traces would not see them.
    """
    if config:
        raise Refusal(f"--config {', '.join(sorted(config))}: every value lives in params.yaml; edit it there, "
                      "or try one with `dvc exp run --temp -S key=value`")  # fmt: skip


def rule_name(verb: str, subject: str) -> str:
    """Name of a rule for one kind of job, no two alike.

    `runs/my-set_1/{labels}` → `measure_runs_my_setU1`, and of a measure apart → `measure_runs_my_setU1_APART_norms`.
    """
    of, apart = subjects.split(subject) if verb == "measure" else (subject, "")
    told = [of.partition("/{")[0], *([apart] if apart else [])]
    return f"{verb}_{'_APART_'.join(each.translate(PLAIN) for each in told)}"


def snapshot(params: Path) -> str:
    """Digest of params.yaml, to see at the end whether it changed during the run."""
    return digest(params)


def plan_snapshot(plan: Plan, verb: str) -> str:
    """Write a verb's jobs, as `seal.planned` reads them, to .snakemake/plans/<digest>.json; return the digest."""
    return kept(canonical({name: job._asdict() for name, job in plan.jobs(verb).items()})).stem


def arguments(job: Job) -> str:
    """Write what `tracing.job.main` is given, a line each, to .snakemake/plans/<digest>.txt; return the path."""
    told = ["--spec", job.spec, "--code", job.code, "--inputs", *job.inputs, "--outputs", *job.outputs]
    return str(kept("\n".join(told), ".txt"))


def kept(text: str, kind: str = ".json") -> Path:
    """Write a text to .snakemake/plans/<digest><kind>, once; return the path."""
    content = text.encode()
    path = PLANS / f"{hashlib.sha256(content).hexdigest()[:16]}{kind}"
    if not path.exists():
        write(path, content)
    return path


def killed(log: str) -> list[str]:
    """What to do about the jobs that Snakemake's log shows to have been killed, with the last words of their own."""
    return [
        f"{file}: killed, most likely for memory ({_last_words(Path(file))}): ask for fewer seeds, examples or lanes, "
        "or for smaller sizes, or give `snakemake` fewer --cores"
        for file in dict.fromkeys(KILLED.findall(log))
    ]


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    return next((line for line in reversed(lines) if line.startswith("memory: ")), "it had less than 2 GB")


def environment() -> list[str]:
    """Warnings: direct dependencies whose installed version is not one that the lock files pin.

    Raises:
        Refusal: one is not installed.
    """
    direct = [re.split(r"[^A-Za-z0-9_.-]", line)[0] for line in requires("nominima") or [] if "extra" not in line]
    warnings = []
    for name in direct:
        try:
            pinned, found = digests.pins().get(name.replace(".", "-"), ()), version(name).split("+")[0]
        except PackageNotFoundError:
            raise Refusal(f"{name} is not installed here; `make install` installs all that is locked") from None
        if pinned and found not in pinned:
            warnings.append(f"{name} {found} is installed, locked is {' or '.join(pinned)}; results may differ")
    return warnings
