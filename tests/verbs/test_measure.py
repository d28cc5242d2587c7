import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

from nominima.datasets import digits
from nominima.ground.files import Refusal
from nominima.ground.places import TRAJECTORY, table
from nominima.measures import distances, norms
from nominima.measuring.identity import CENSORED
from nominima.measuring.table import IDENTITY, failures, read_table
from nominima.planning import digests, shelf
from nominima.planning.knobs import KNOBS
from nominima.planning.run import Run, Training
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.training.dataset import read_dataset, write_dataset
from nominima.training.trajectory import METRICS, write_metrics
from nominima.verbs.measure import measure
from nominima.verbs.train import leave

FEW = {"points": 10, "seeds": 2}


def job(spec, inputs, outputs) -> Work:
    code = digests.code("verbs.measure", *(f"measures.{name}" for name in spec["measures"]))
    return Work("measure", spec, code, inputs, outputs)


@pytest.fixture
def scans(tmp_path):
    path = tmp_path / "data/datasets/scans.safetensors"
    trace = Trace(verb="prepare", spec={}, code="", inputs={}, environment={})
    write_dataset(path, digits.make(train=50, validation=10, test=10), trace)
    return path


def test_a_data_set_is_measured(tmp_path, scans, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "input_distances.parquet"
    spec = {"subject": "datasets/scans", "measures": {"input_distances": FEW}}
    measure(job(spec, [scans.relative_to(tmp_path)], [file]))
    assert read_table(file)["dataset"].to_list() == ["scans", "scans"]
    assert json.loads(pl.read_parquet_metadata(file)["trace"])["spec"] == spec
    assert capsys.readouterr().out.startswith("datasets/scans input_distances: 2 rows")


def test_theory_is_measured_without_torch(tmp_path):
    spec = {"subject": "theory", "measures": {"random_points": {**FEW, "highest": 32}}}
    file = tmp_path / "random_points.parquet"
    told = f"""
import sys
from pathlib import Path
from nominima.tracing.job import Work
from nominima.verbs.measure import measure
measure(Work("measure", {spec!r}, {job(spec, [], []).code!r}, [], [Path({str(file)!r})]))
print("torch" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "False"
    first = file.read_bytes()
    measure(job(spec, [], [file]))
    assert file.read_bytes() == first
    assert len(read_table(file)) == 9 * 2 * 2


@pytest.fixture
def trained(request, tmp_path, scans, monkeypatch):
    """A run of two seeds and the second of two rates, the second seed of which diverges, as files below tmp_path."""
    monkeypatch.chdir(tmp_path)
    family = getattr(request, "param", "mlp")
    training = Training.model_validate(
        {
            "dataset": "scans",
            "noise": 0.2,
            "model": family,
            "size": SIZES[family],
            "optimizer": "sgd",
            "rate": (1e-9, 0.1),
            "batch": 25,
            "steps": 12,
            "first_seed": 100,
            "seeds": 2,
            "tested": "always",
        }
    )
    run = Run(stack="sizes/w3", training=training)
    files = [Path("data/runs", run.name, name) for name in TRAJECTORY]
    trace = Trace(verb="train", spec={}, code="", inputs={}, environment={})
    [trajectory] = leave([run], read_dataset(scans), files, trace)
    numbers = pl.col(list(METRICS)[3:])
    gone = (pl.col("seed") == 101) & (pl.col("step") >= 5)
    metrics = trajectory.metrics.with_columns(
        pl.when(~gone).then(numbers), status=pl.when(gone).then(pl.lit("diverged")).otherwise("status")
    )
    write_metrics(files[1], metrics, trace, run.name)
    save_file(load_file(files[0]) | {"diverged": torch.tensor([-1, 5])}, files[0], {"run": run.name})
    return run, [scans.relative_to(tmp_path), *files]


SIZES = {"mlp": 3, "cnn": 2, "transformer": 4}
PARAMETERS = {
    "mlp": 3 * 65 + 3 * 4 + 10 * 4,
    "cnn": 2 * 26 + 2 * 19 + 2 * 19 + 10 * 3,
    "transformer": 4 * 17 + 2 * (8 + 12 * 5 + 4 * 5 + 8 + 16 * 5 + 4 * 17) + 8 + 10 * 5,
}
USUAL = {"skip", "smoothing", "teacher.run", "teacher.kind", "gain", "schedule", "l2"}
KNOWN = {
    "sweep": "sizes", "run": "sizes/w3", "dataset": "scans", "examples": 50,
    "skip": 0, "half": "both", "noise": 0.2, "smoothing": 0.0, "gain": 1.0,
    "optimizer": "sgd", "rate": 0.1, "tuned": True, "schedule": "constant", "l2": 0.0, "decay": 0.0, "l1": 0.0,
    "dropout": 0.0, "batch": 25, "steps": 12, "draw": 0,
}  # fmt: skip
DEFAULTS = {name: knob.default for name, knob in KNOBS.items() if not knob.part and knob.default is not None}
SEVERAL = ("line", "barriers", "picking", "tangent_gaps")  # rows of a network: some may say why they lack a number
FEW_STEPS = {"afterwards": "censored", "bursts": "short"}  # what twelve steps are too few for
OF_RUNS = [name for name in shelf.names("measures") if shelf.constant("measures", name, "OF") == "run"]


@pytest.mark.parametrize("trained", SIZES, indirect=True)
def test_every_measure_of_a_run_of_every_family_keeps_its_schema(trained):
    run, inputs = trained
    family, fields = run.training.model, shelf.options("models", run.training.model).model_fields
    options = {f"model.{name}": field.default for name, field in fields.items()}
    wanted = DEFAULTS | KNOWN | options | {"model": family, "size": SIZES[family], "parameters": PARAMETERS[family]}
    spec = {
        "subject": f"runs/{run.name}",
        "measures": {name: {} for name in OF_RUNS},
        "run": run.model_dump(mode="json"),
    }
    outputs = [Path(table(f"runs/{run.name}", name)) for name in OF_RUNS]
    measure(job(spec, inputs, outputs))
    for path in outputs:
        told = read_table(path)
        words = sorted(["diverged", FEW_STEPS.get(path.stem, "ok")])
        assert told["status"].unique().sort().to_list()[:2] == words or path.stem in SEVERAL
        assert set(told["seed"]) == {100, 101}
        [known] = told.select(*IDENTITY["run"], *options).drop(CENSORED).unique().rows(named=True)
        assert [told.schema[name] for name in CENSORED] == [pl.Boolean] * 2
        assert {name: value for name, value in known.items() if value is not None} == wanted
        assert not USUAL.intersection(pl.read_parquet_schema(path)), "a knob at its default is stored"
    first = [path.read_bytes() for path in outputs]
    measure(job(spec, inputs, outputs))
    assert [path.read_bytes() for path in outputs] == first


def test_tables_are_checked_before_they_are_written(trained, monkeypatch):
    run, inputs = trained
    monkeypatch.setattr(norms, "measure", lambda subject: distances.measure(subject))
    spec = {"subject": f"runs/{run.name}", "measures": {"norms": {}}, "run": run.model_dump(mode="json")}
    with pytest.raises(
        Refusal, match=r"norms.parquet: not written.*columns norm, relative_norm, step, travelled are missing"
    ):
        measure(job(spec, inputs, [Path("norms.parquet")]))
    assert not Path("norms.parquet").exists()


def two_measures(run):
    return {
        "subject": f"runs/{run.name}",
        "measures": {"distances": {}, "norms": {}},
        "run": run.model_dump(mode="json"),
    }


def test_a_measure_that_fails_costs_its_own_rows_and_says_so(trained, monkeypatch, capsys):
    def failing(_):
        raise ArithmeticError("no factor of <object at 0x7f00ab>\nmore")

    run, inputs = trained
    outputs = [Path(table(f"runs/{run.name}", name)) for name in ("distances", "norms")]
    monkeypatch.setattr(norms, "measure", failing)
    measure(job(two_measures(run), inputs, outputs))
    assert len(read_table(outputs[0]))
    assert read_table(outputs[1]).is_empty()
    why = "ArithmeticError: no factor of <object at 0x…>"
    assert failures(outputs) == [f"norms of runs/sizes/w3 ({why})"]
    told = capsys.readouterr()
    assert f"sizes/w3 norms: failed, so it has no rows: {why}" in told.out
    assert "Traceback" in told.err
    first = outputs[1].read_bytes()
    measure(job(two_measures(run), inputs, outputs))
    assert outputs[1].read_bytes() == first


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: not enough memory"), Refusal("x"), OSError(28, "full")]
)
def test_what_a_person_must_mend_ends_the_job(error, trained, monkeypatch):
    def failing(_):
        raise error

    run, inputs = trained
    monkeypatch.setattr(norms, "measure", failing)
    outputs = [Path(table(f"runs/{run.name}", name)) for name in ("distances", "norms")]
    with pytest.raises(type(error)):
        measure(job(two_measures(run), inputs, outputs))
