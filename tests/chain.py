"""A whole project in small: a data set, two runs and their measurements, a verdict, its figure, the page."""

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import png
import polars as pl
from safetensors.numpy import save_file

from nominima.ground.files import digest
from nominima.ground.places import TRAJECTORY, VERBS, ledger
from nominima.ground.texts import canonical
from nominima.planning.plan import Job
from nominima.tracing.artefact import embed
from nominima.tracing.trace import Trace
from nominima.verbs.seal import seal

ENVIRONMENT = {"python": "3.11.7", "torch": "2.13.0", "processor": "x86_64"}
RUNS = ("width/w2", "width/w4")
CLAIM = "c0a_more_is_better"
SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>{}</text></svg>'

Plan = dict[str, dict[str, Job]]


def plan(rate: float = 0.1, runs: tuple[str, ...] = RUNS, code: str = "c0de") -> Plan:
    """Verb → name → job."""
    dataset = "data/datasets/digits.safetensors"
    tables = [f"data/measures/runs/{name}/norms.parquet" for name in runs]
    verdict, board = f"reports/verdicts/{CLAIM}.json", "reports/verdicts/scoreboard.json"
    figure = [f"reports/figures/{CLAIM}.{kind}" for kind in ("vl.json", "svg", "png")]
    train = {name: _job([dataset], _trajectory(name), {"run": _run(name, rate)}, code) for name in runs}
    return {
        "prepare": {"digits": _job([], [dataset], {"dataset": "digits", "options": {"train": 797}}, code)},
        "train": train,
        "measure": {
            f"runs/{name}": _job([dataset, *train[name].outputs], [table], {"run": _run(name, rate)}, code)
            for name, table in zip(runs, tables, strict=True)
        },
        "judge": {
            CLAIM: _job(tables, [verdict], {"claim": CLAIM}, code),
            "scoreboard": _job([verdict], [board], {"claims": [CLAIM]}, code),
        },
        "report": {
            CLAIM: _job([verdict, *tables], figure, {"figure": CLAIM}, code),
            "page": _job([verdict, figure[1], *map(ledger, VERBS[:-1])], ["reports/index.html"], {"page": 1}, code),
        },
    }


def _job(inputs: list[str], outputs: list[str], spec: dict[str, Any], code: str) -> Job:
    return Job(inputs, outputs, canonical(spec), code * 16)


def _run(name: str, rate: float) -> dict[str, Any]:
    label = name.partition("/")[2]
    rates = {"w2": 0.5, "w4": rate}
    return {
        "stack": name,
        "training": {"rate": rates[label], "size": int(label[1:])},
    }


def _trajectory(name: str) -> list[str]:
    return [f"data/runs/{name}/{file}" for file in TRAJECTORY]


def build(jobs: Plan, verbs: tuple[str, ...] = VERBS) -> None:
    """Make and seal everything in the current folder."""
    for verb in verbs:
        for job in jobs[verb].values():
            make(verb, job)
        seal(verb, jobs[verb])


def make(verb: str, job: Job) -> None:
    """Make one job's outputs; their content depends on its trace alone."""
    inputs = {path: digest(Path(path)) for path in job.inputs}
    trace = Trace(verb=verb, spec=json.loads(job.spec), code=job.code, inputs=inputs, environment=ENVIRONMENT)
    for file in job.outputs:
        write(Path(file), trace)


def write(path: Path, trace: Trace, value: int = 7) -> None:
    """One artefact of any kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({"x": np.arange(value)}, path, metadata={"trace": trace.dumps()})
    elif path.suffix == ".parquet":
        pl.DataFrame({"seed": [100], "value": [value]}).write_parquet(path, metadata={"trace": trace.dumps()})
    elif path.name.endswith(".vl.json"):
        path.write_bytes(embed(b'{"mark": "point"}', "vl.json", trace))
    elif path.suffix == ".json":
        path.write_text(json.dumps({"value": value, "trace": trace.model_dump()}))
    elif path.suffix == ".svg":
        path.write_bytes(embed(SVG.format(trace.key).encode(), "svg", trace))
    elif path.suffix == ".png":
        path.write_bytes(embed(picture(value), "png", trace))
    else:
        path.write_text(f'<!doctype html><script type="application/json" id="trace">{trace.dumps()}</script>')


def picture(shade: int = 7) -> bytes:
    """A grey PNG of 4 × 4 pixels without a trace."""
    out = io.BytesIO()
    png.from_array([[shade] * 4] * 4, "L").write(out)
    return out.getvalue()


def git(*arguments: str) -> str:
    """Run git in the current folder, whatever the user's own configuration."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(message: str) -> str:
    """Commit everything that Git would hold of a real project; returns the commit."""
    Path(".gitignore").write_text("/data/datasets\n/data/runs\n/data/measures\n/data/raw/*.idx\n/.dvc/\n/.snakemake/\n")
    git("add", "--all")
    git("commit", "--quiet", "--message", message)
    return git("rev-parse", "HEAD")
