from made_project import MACHINE, trace

from nominima.drawing.provenance import Sweep, behind, provenance
from nominima.tracing.ledger import compose

PREPARED = {"d": trace("prepare", {"dataset": "d", "source": "digits", "options": {}})}
TRAINED = {
    name: trace("train", {"run": {"training": {"rate": rate, "model_options": {"depth": 2}}}}, {"data": "1"})
    for name, rate in (("a", 0.1), ("b", 0.2), ("unused", 0.3))
}
ASKED = {"measures": {"norms": {}, "line": {"points": 25}, "not drawn": {}}}
MEASURED = {name: trace("measure", ASKED, {f"run-{name}": "2"}) for name in "ab"}
LEDGERS = {
    "prepare": compose("prepare", PREPARED, {"d": {"data": "1"}}),
    "train": compose("train", TRAINED, {name: {f"run-{name}": "2"} for name in TRAINED}),
    "measure": compose(
        "measure", MEASURED, {name: {f"{name}/norms.parquet": "3", f"{name}/line.parquet": "4"} for name in MEASURED}
    ),
}
JUDGED = {"a/norms.parquet": "3", "b/norms.parquet": "3", "b/line.parquet": "4"}
LEDGERS["judge"] = compose("judge", {"c": trace("judge", {"claim": "c"}, JUDGED)}, {"c": {"c.json": "5", "c.csv": "6"}})
DRAWN = {"c.json": "5", "c.csv": "6"}
FIGURE = trace("report", {"figure": "c"}, DRAWN)


def test_only_what_a_file_was_made_from_stands_behind_it():
    assert behind(["a/norms.parquet"], LEDGERS) == {"prepare": ["d"], "train": ["a"], "measure": ["a"]}
    assert behind(["data"], LEDGERS) == {"prepare": ["d"]}
    assert behind(["from elsewhere"], LEDGERS) == {}


def test_every_run_of_a_stack_stands_behind_what_was_drawn_from_it():
    lanes = [{"variant": name, "training": {"rate": rate}} for name, rate in (("slow", 0.1), ("fast", 0.9))]
    spec = {"run": {"training": {"rate": 0.1, "size": 4}}, "lanes": lanes}
    trained = compose("train", {"a": trace("train", spec, {"data": "1"})}, {"a": {"run-a": "2", "run-b": "2"}})
    made = provenance(FIGURE, LEDGERS | {"train": trained})
    assert made.common == {"size": "4"}
    assert made.sweeps == [Sweep("a", {}, ["rate"], [("a/slow", ["0.1"]), ("a/fast", ["0.9"])])]


def test_a_figure_knows_its_runs_measures_data_code_and_machine():
    made = provenance(FIGURE, LEDGERS)
    assert made.key == FIGURE.key
    assert made.common == {"model_options.depth": "2"}
    assert made.sweeps == [Sweep("a", {"rate": "0.1"}, [], [("a", [])]), Sweep("b", {"rate": "0.2"}, [], [("b", [])])]
    assert made.runs == 2
    assert made.measures == [("norms", "defaults", 2), ("line", "points 25", 2)]
    assert made.datasets == [("d", "digits: defaults", "1")]
    assert [(verb, count) for verb, _, count in made.codes] == [
        ("prepare", 1),
        ("train", 2),
        ("measure", 2),
        ("judge", 1),
        ("report", 1),
    ]
    assert made.environments == [("prepare, train, measure, judge, report", MACHINE)]
    assert made.inputs == DRAWN


def test_a_figure_without_runs_has_none():
    made = provenance(trace("report", {"figure": "c"}), LEDGERS)
    assert (made.runs, made.common, made.sweeps, made.measures) == (0, {}, [], [])
