"""What jobs cost on one core, for `nominima estimate`: writes costs.json.

Training is timed in this process; the other verbs by the real jobs of a small project in a temporary folder.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from ruamel.yaml import YAML

from benchmarks.engine import STEPS, advance, ours, problem
from benchmarks.harness.timing import Side, interleaved, one_core
from nominima.estimating.learn import learned
from nominima.ground.files import write
from nominima.planning import shelf
from nominima.planning.costs import COSTS, Costs
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import load
from nominima.training.evaluation import answers

SIZES = {"mlp": (4, 16, 64, 256), "cnn": (4, 16, 64), "transformer": (8, 32, 64)}
WIDTH = 64  # at which optimizers are compared
MEASURED = {"mlp": (16, 128), "cnn": (4, 16), "transformer": (8, 16)}  # sizes that measures are taken of
CLAIM = "c1a_random_points"  # judged and drawn without a trained network
ROOT = Path(__file__).parent.parent
MADE_OF_IMPORTS = {"page": "nominima.verbs.page", "seal": "nominima.verbs.seal"}
BEFORE_WORK = {"train": "nominima.verbs.train", "measure": "nominima.measuring.subject"}


def costs() -> Costs:
    """All of it."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    trained = {family: {str(size): _trained(family, size) for size in sizes} for family, sizes in SIZES.items()}
    optimizers = {name: _trained("mlp", WIDTH, optimizer=name)[0] for name in shelf.names("optimizers")}
    imports = {name: _python(["-c", f"import {module}"], ROOT)[0] for name, module in MADE_OF_IMPORTS.items()}
    start = {name: _python(["-c", f"import {module}"], ROOT)[0] for name, module in BEFORE_WORK.items()}
    known = Costs(
        job=_short(imports),
        start=_short(start),
        step={family: _short({size: step for size, (step, _) in told.items()}) for family, told in trained.items()},
        answer={family: _short({size: look for size, (_, look) in told.items()}) for family, told in trained.items()},
        optimizer=_short({name: each / optimizers["adam"] for name, each in optimizers.items()}),
        measure={},
        parameters={family: {"1": 1.0} for family in SIZES},
        memory={},
    )
    with tempfile.TemporaryDirectory() as folder:
        found = learned(_project(Path(folder)), known, Path(folder))
    return found.model_copy(update={"step": known.step, "answer": known.answer})  # too short to tell of training


def _trained(family: str, size: int, **changes: Any) -> tuple[float, float]:
    """CPU seconds of a training step and of an evaluation, per example and lane."""
    told = problem(family, size, **changes)
    lanes, seeds = ours(told), len(told.seeds)
    leaves, x, y = told.leaves, told.x[:1000], told.y[:1000]
    with torch.inference_mode():
        sides = {"step": Side(lambda: advance(lanes, STEPS), STEPS * seeds * told.training.batch),
                 "answer": Side(lambda: answers(told.model, leaves, x, y), seeds * len(x))}  # fmt: skip
        timed = interleaved(sides, rounds=3)
    return timed["step"].best, timed["answer"].best


def _project(folder: Path) -> Plan:
    """Run all jobs but the last of a small project, with a log of each."""
    (folder / "params.yaml").write_text(json.dumps(_params()))
    plan = Plan(load(folder / "params.yaml"))
    for verb in ("prepare", "train", "measure", "judge", "report"):
        for name, job in plan.jobs(verb).items():
            if verb in ("prepare", "train", "measure") or name == CLAIM:
                log = folder / "logs" / verb / f"{name}.log"
                log.parent.mkdir(parents=True, exist_ok=True)
                log.write_text(_python(_arguments(verb, job), folder)[1])
    return plan


def _params() -> dict[str, Any]:
    """The shipped data sets and measures, two sizes of each family trained for a moment, claims of theory."""
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    of_runs = [name for name in shelf.names("measures") if shelf.constant("measures", name, "OF") == "run"]
    sweeps = {
        family: {"changes": {"model": family}, "axes": {"size": {"s": list(sizes)}}, "measures": of_runs}
        for family, sizes in MEASURED.items()
    }
    return params | {
        "training": params["training"] | {"steps": 200},
        "sweeps": sweeps,
        "claims": {name: {"datasets": ["mnist1d"]} for name in shelf.names("claims") if _beyond_runs(name)},
    }


def _beyond_runs(claim: str) -> bool:
    """Whether a claim asks for a measure of theory or of a data set."""
    return any(shelf.constant("measures", name, "OF") != "run" for name in shelf.constant("claims", claim, "MEASURES"))


def _arguments(verb: str, job: Job) -> list[str]:
    return ["-m", f"nominima.verbs.{verb}", "--spec", job.spec, "--code", job.code, "--inputs", *job.inputs,
            "--outputs", *job.outputs]  # fmt: skip


def _python(arguments: list[str], folder: Path) -> tuple[float, str]:
    """CPU seconds of a Python process, and what it told."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "POLARS_MAX_THREADS": "1"}
    command = [sys.executable, *arguments]
    told = subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, told.stdout


def _short(numbers: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.3g}") for name, value in numbers.items()}


if __name__ == "__main__":
    one_core()
    write(COSTS, f"{costs().model_dump_json(indent=1)}\n".encode())
