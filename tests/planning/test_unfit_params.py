"""Params that nothing could run, or not in any time, are refused with their key before anything starts."""

from pathlib import Path

import pytest

from nominima.ground.files import Refusal
from nominima.planning.reader import load

SMOKE = (Path(__file__).parents[1] / "params.smoke.yaml").read_text()
LABEL = "n" * 40
LONG = "".join(f"      ax{at}:\n        {LABEL}{at}: {{}}\n" for at in range(10))
PATHS = "curvature: {iterations: 10, seeds: 1}"


def refused(text: str, folder: Path) -> str:
    file = folder / "params.yaml"
    file.write_text(text)
    with pytest.raises(Refusal) as refusal:
        load(file)
    return str(refusal.value).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rate: 0.01", "rate: 2024-13-45", 'training.rate: "2024-13-45": Input should be a valid number'),
        ("rate: 0.01", "rate: 2024-12-04", 'training.rate: "2024-12-04": Input should be a valid number'),
        ("first_seed: 100", f"first_seed: {'9' * 5000}", 'training.first_seed: "9999'),
        ("first_seed: 100", f"first_seed: 0x{'f' * 5000}", 'training.first_seed: "0xffff'),
        ("first_seed: 100", "first_seed: 9223372036854775808", 'training.first_seed: "9223372036854775808"'),
        ("rate: 0.01", "rate: 5e-324", "training.rate: 5e-324: Input should be greater than or equal to 1e-30"),
        ("rate: 0.01", "rate: 1e300", "training.rate: 1e+300: Input should be less than or equal to 1e+30"),
        ("rate: 0.01", "rate: 0.01\n  gain: 1e300", "training.gain: 1e+300: Input should be less than or equal to"),
        ("rate: 0.01", "rate: 0.01\n  gain: 3.5e38", "training.gain: 3.5e+38: Input should be less than or equal to"),
        ("rate: 0.01", "rate: 0.01\n  l2: 1e300", "training.l2: 1e+300: Input should be less than or equal to"),
        (PATHS, PATHS.replace(": 10,", ": 1000000000,"), "options of measures/curvature: iterations: 1000000000: "),
        ("random_points: {points: ", "random_points: {points: 3000000000, x: ", "points: 3000000000: Input should be"),
        ("exact_seeds: 1", "!!bool exact_seeds: 1", "params.yaml:104: tag tag:yaml.org,2002:bool is not allowed"),
        ("\nclaims:", "\nclaims: !!float", "tag tag:yaml.org,2002:float is not allowed; write the value without it"),
        ("\ndatasets:", "\n%YAML 1.1\n---\ndatasets:", "a % directive is not allowed"),
        ("batch: 50", "batch: 301", "batch: 301: more than the 300 examples trained on"),
        ("train: 300", "train: 40", "batch: 50: more than the 40 examples trained on"),
        ("validation: 100", "validation: 1000000000000", "validation: 1000000000000: Input should be less than"),
        ("\n      labels:\n        noisy", f"\n{LONG}      labels:\n        noisy", "a folder would have a name of 4"),
    ],
)
def test_it_is_refused_by_its_key(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = SMOKE.replace(old, new, 1) if "%" not in new else new.strip() + SMOKE.partition(old)[2]
    assert text != SMOKE
    told = refused(text, tmp_path)
    assert message in told
    assert all(line.startswith("params.yaml") and len(line) < 300 for line in told.splitlines())


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
@pytest.mark.parametrize("levels", [21, 300, 500, 100_000])
def test_nesting_is_bounded(opening: str, closing: str, levels: int, tmp_path: Path) -> None:
    told = refused(f"{SMOKE}\na: {opening * levels}{closing * levels}\n", tmp_path)
    assert "nested deeper than 20 levels" in told


@pytest.mark.parametrize("kind", ["axes", "lanes"])
def test_an_axis_without_labels_is_refused(kind: str, tmp_path: Path) -> None:
    told = refused(SMOKE.replace("\nsweeps:\n", f"\nsweeps:\n  none:\n    {kind}:\n      width: {{}}\n"), tmp_path)
    assert f"sweeps.none.{kind}.width: has no label, so the sweep has no run" in told


def test_more_points_than_a_data_set_has_examples_are_refused(tmp_path: Path) -> None:
    told = refused(SMOKE.replace("input_distances: {points: ", "input_distances: {points: 301, x: "), tmp_path)
    assert "measures.input_distances.points: 301" in told
