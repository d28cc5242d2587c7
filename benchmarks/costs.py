"""What jobs cost on one core, for `nominima estimate`: writes costs.json.

Training is timed in this process; the other verbs by the real jobs of a small project in a temporary folder.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from ruamel.yaml import YAML

from benchmarks.engine import STEPS, advance, ours, problem
from benchmarks.harness.timing import Side, interleaved, one_core
from nominima.ground.files import write
from nominima.planning import shelf
from nominima.planning.costs import COSTS, Costs
from nominima.planning.plan import Job, Plan
from nominima.planning.reader import load
from nominima.training.evaluation import answers

SIZES = {"mlp": (4, 16, 64, 256), "cnn": (4, 16, 64), "transformer": (8, 32, 64)}
WIDTH = 64  # at which optimizers are compared
MEASURED = (16, 256)  # widths of the perceptrons that measures are taken of
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
    with tempfile.TemporaryDirectory() as folder:
        seconds, measures = _project(Path(folder))
        imports = {name: _python(["-c", f"import {module}"], ROOT)[0] for name, module in MADE_OF_IMPORTS.items()}
        start = {name: _python(["-c", f"import {module}"], ROOT)[0] for name, module in BEFORE_WORK.items()}
    return Costs(
        job=_short({verb: mean(told) for verb, told in seconds.items() if verb not in BEFORE_WORK} | imports),
        start=_short(start),
        step={family: _short({size: step for size, (step, _) in told.items()}) for family, told in trained.items()},
        answer={family: _short({size: look for size, (_, look) in told.items()}) for family, told in trained.items()},
        optimizer=_short({name: each / optimizers["adam"] for name, each in optimizers.items()}),
        measure={name: _short(curve) for name, curve in measures.items()},
    )


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


def _project(folder: Path) -> tuple[dict[str, list[float]], dict[str, dict[str, float]]]:
    """Run all jobs but the last of a small project: verb → CPU seconds of its jobs, measure → size → per lane."""
    with (folder / "params.yaml").open("w") as file:
        YAML(typ="safe", pure=True).dump(_params(), file)
    plan = Plan(load(folder / "params.yaml"))
    seconds: dict[str, list[float]] = {}
    measures: dict[str, dict[str, float]] = {}
    for verb in ("prepare", "train", "measure", "judge", "report"):
        for name, job in plan.jobs(verb).items():
            if name not in ("scoreboard", "page"):
                used, told = _python(_arguments(verb, job), folder)
                seconds.setdefault(verb, []).append(used)
                for measure, size, each in _taken(json.loads(job.spec), told):
                    measures.setdefault(measure, {})[size] = each
    return seconds, measures | _logged()


def _logged() -> dict[str, dict[str, float]]:
    """Measures of theory and data sets as the last rebuild here took them: some take minutes, no size scales them."""
    logs = ROOT / "logs/measure"
    told = "".join(path.read_text() for path in sorted([*logs.glob("theory.log"), *logs.glob("datasets/*.log")]))
    return {measure: {size: each} for measure, size, each in _taken({"measures": {}}, told)}


def _params() -> dict[str, Any]:
    """The shipped data sets and measures, two widths trained for a moment, one claim."""
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    of_runs = [name for name in shelf.names("measures") if shelf.constant("measures", name, "OF") == "run"]
    sweep = {"axes": {"size": {f"w{size}": {"size": size} for size in MEASURED}}, "measures": of_runs}
    return params | {
        "training": params["training"] | {"steps": 200},
        "sweeps": {"sizes": sweep},
        "claims": {CLAIM: params["claims"][CLAIM]},
    }


def _arguments(verb: str, job: Job) -> list[str]:
    return ["-m", f"nominima.{verb}", "--spec", job.spec, "--code", job.code, "--inputs", *job.inputs,
            "--outputs", *job.outputs]  # fmt: skip


def _taken(spec: dict[str, Any], told: str) -> Iterator[tuple[str, str, float]]:
    """(measure, size, CPU seconds a lane) of what a measure job tells."""
    if "measures" in spec:
        run = spec.get("run")
        lanes, size = (run["training"]["seeds"], str(run["training"]["size"])) if run else (1, "0")
        for measure, seconds in re.findall(r"(\w+): \d+ rows, ([\d.]+) CPU s", told):
            yield measure, size, max(float(seconds), 0.005) / lanes


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
