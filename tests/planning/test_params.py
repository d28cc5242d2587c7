"""params.yaml: one reader, all mistakes at once, messages for people (faults F01–F16)."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from nominima.ground.files import Refusal
from nominima.planning.params import Params
from nominima.planning.reader import load, parse

ROOT = Path(__file__).parents[2]
SMOKE = (ROOT / "tests/params.smoke.yaml").read_text()


def refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(Refusal) as refusal:
        load(file)
    return str(refusal.value).replace(str(tmp_path) + "/", "")


def changed(**values: Any) -> str:
    """The smoke params with dotted keys set; the value `...` deletes."""
    tree = YAML(typ="safe", pure=True).load(SMOKE)
    for key, value in values.items():
        *parents, last = key.split("__")
        at = tree
        for parent in parents:
            at = at[parent]
        if value is ...:
            del at[last]
        else:
            at[last] = value
    return json.dumps(tree)


@pytest.mark.parametrize("file", ["params.yaml", "tests/params.smoke.yaml"])
def test_shipped_params_are_sound(file: str) -> None:
    params = load(ROOT / file)
    assert all(seed >= 100 for run in params.runs().values() for seed in run.seeds)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("datasets: {a: [1,}", "params.yaml:1:18: "),
        ("training: {rate: 1, rate: 2}", "params.yaml:1:21: found duplicate key"),
        ("a: &x {b: 1}\nc: *x", "params.yaml:2: alias *x is not allowed"),
        ("", "must be a mapping of sections; found nothing"),
        ("- 1", "must be a mapping of sections; found list"),
        ("sweeps: {sizes: {8: 1}}", "sweeps.sizes.8: a key must be text; write w8"),
        ("a: " + "x" * 2_000_000, "at most 1000000 are read"),
        ("a: !!python/object:os.system {}", "tag tag:yaml.org,2002:python/object:os.system is not allowed"),
    ],
)
def test_what_is_no_params_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": ...}, "training: missing"),
        ({"training__rate": ...}, "training.rate: missing"),
        ({"training__rats": 1}, "training.rats: unknown key; did you mean 'rate'?"),
        (
            {"sweeps__sizes__axes__size__w2__sise": 3},
            "sweeps.sizes.axes.size.w2.sise: unknown key; did you mean 'size'?",
        ),
        ({"training__rate": [0.1]}, "training.rate: [0.1]: give one value without brackets, or at least two"),
        ({"training__rate": [0.1, 0.1]}, "rate: [0.1, 0.1]: one is there twice"),
        (
            {"training__rate": [0.1, 0.2], "datasets__digits__options__validation": 0},
            "rate: [0.1, 0.2]: digits has no validation examples to choose by",
        ),
        (
            {
                "sweeps__sizes-digits__changes__teacher": {"run": "sizes/noisy.w8", "validates": True},
                "datasets__digits__options__validation": 0,
            },
            "teacher.validates: digits has no validation examples",
        ),
        ({"[x": 1}, "[x: unknown key"),
        ({"training__[x": 1}, "training.[x: unknown key"),
        ({"training__rate": [0.1, -1]}, "training.rate.1: -1: Input should be greater than or equal to 1e-30"),
        ({"training__size": "8"}, 'training.size: "8": Input should be a valid integer'),
        ({"training__size": 3.5}, "training.size: 3.5"),
        ({"training__size": True}, "training.size: true"),
        ({"training__size": 0}, "training.size: 0: Input should be greater than or equal to 1"),
        ({"training__rate": 0}, "training.rate: 0: Input should be greater than or equal to 1e-30"),
        ({"training__rate": float("nan")}, "training.rate"),
        ({"training__rate": float("inf")}, "training.rate"),
        ({"training__noise": 1.0}, "training.noise: 1.0"),
        ({"training__seeds": 0}, "training.seeds: 0"),
        ({"training__size": 10**9}, "training.size: 1000000000"),
        ({"training__dataset": "mnist"}, "'mnist' is no entry of datasets:; did you mean 'mnist1d'?"),
        ({"training__model": "mpl"}, "'mpl' is no file of src/nominima/models/; did you mean 'mlp'?"),
        ({"training__optimizer": "adan"}, "did you mean 'adam'?"),
        (
            {"training__model_options": {"dept": 3}},
            "options of models/mlp: dept: 3: unknown option; did you mean 'depth'?",
        ),
        ({"training__model_options": {"depth": -1}}, "options of models/mlp: depth: -1"),
        ({"training__examples": 5000}, "examples: 5000: mnist1d has 300 training examples"),
        (
            {"datasets__mnist1d__source": "nmist1d"},
            "datasets.mnist1d.source: 'nmist1d' is no file of src/nominima/datasets/",
        ),
        ({"measures__lime": {}}, "measures.lime: 'lime' is no file of src/nominima/measures/; did you mean 'line'?"),
        (
            {"measures__barriers__pairs": 0},
            "measures.barriers, options of measures/barriers: pairs: 0: Input should be",
        ),
        ({"claims__c9z": {}}, "claims.c9z: 'c9z' is no file of src/nominima/claims/"),
        ({"sweeps__sizes__axes__size__w3": {"size": 2}}, "sizes/noisy.w2 and sizes/noisy.w3 are the same training"),
        ({"sweeps__sizes": None}, "sweeps.sizes: null"),
    ],
)
def test_a_mistake_is_told_with_key_value_and_what_is_allowed(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    assert message in refused(tmp_path, changed(**change))


@pytest.mark.parametrize(
    "name", ["../up", "a/b", "a b", "a;b", "$(touch x)", "-rf", "x" * 300, "wеight", "W8", "nul\0", ""]
)
def test_names_are_whitelisted(tmp_path: Path, name: str) -> None:
    tree = YAML(typ="safe", pure=True).load(SMOKE)
    tree["sweeps"]["sizes"]["axes"]["size"][name] = {"size": 3}
    assert "is not allowed; use a-z" in refused(tmp_path, json.dumps(tree))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = refused(tmp_path, changed(training__rate=-1, training__size="8", datasets__mnist1d__source="../x"))
    assert len(told.splitlines()) == 3


@pytest.mark.parametrize(("knob", "more"), [("rate", 30), ("first_seed", 29)])
def test_of_very_many_mistakes_the_first_are_told(tmp_path: Path, knob: str, more: int) -> None:
    """Rates that the types refuse, and trainings that are all the same."""
    axis = {f"l{i}": {knob: -1 if knob == "rate" else 7} for i in range(50)}
    *lines, last = refused(tmp_path, changed(sweeps__sizes__axes={"a": axis})).splitlines()
    assert len(lines) == 20
    assert last == f"… and {more} more"


def test_too_many_runs_are_refused_before_they_are_unrolled(tmp_path: Path) -> None:
    axis = {f"l{i}": {"first_seed": i} for i in range(1000)}
    other = {f"r{i}": {"size": i + 1} for i in range(1000)}
    third = {f"s{i}": {"steps": i + 1} for i in range(1000)}
    message = refused(tmp_path, changed(sweeps__sizes__axes={"a": axis, "b": other, "c": third}))
    assert re.search(r"\b10000000\d\d runs; at most 20000 are", message)


def test_numbers_mean_the_same_to_every_reader() -> None:
    text = b"a: 1e-3\nb: 1e-05\nc: 010\nd: on\ne: 1:30"
    assert parse(text, Path("p")) == {"a": 0.001, "b": 1e-05, "c": 10, "d": "on", "e": "1:30"}


def test_runs_are_the_product_of_the_axes_over_the_base() -> None:
    params = load(ROOT / "params.yaml")
    run = params.runs()["sizes/w32/noisy"]
    assert (run.training.noise, run.training.size, run.training.rate) == (0.2, 32, params.training.rate)
    assert [name for name in params.runs() if name.startswith("sizes/")] == [
        f"sizes/{size}/{labels}"
        for size in params.sweeps["sizes"].axes["size"]
        for labels in params.sweeps["sizes"].lanes["labels"]
    ]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def outcome(tree: dict[str, Any], folder: Path) -> Params | str:
    file = folder / "params.yaml"
    file.write_text(json.dumps(tree))
    try:
        return load(file)
    except Refusal as refusal:
        return str(refusal)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, st.data())
def test_any_value_anywhere_is_taken_or_refused_never_a_traceback(
    tmp_path: Path, value: Any, data: st.DataObject
) -> None:
    tree = YAML(typ="safe", pure=True).load(SMOKE)
    parent = tree
    key = data.draw(st.sampled_from(sorted(tree)))
    while isinstance(parent[key], dict) and parent[key] and data.draw(st.booleans()):
        parent = parent[key]
        key = data.draw(st.sampled_from(sorted(parent)))
    parent[key] = value
    told = outcome(tree, tmp_path)
    assert isinstance(told, Params) or told.startswith(str(tmp_path))
