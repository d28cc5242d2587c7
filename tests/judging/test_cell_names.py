"""Names of cells rest on what tells their own cells apart, and on nothing that others look at."""

import polars as pl
import pytest
from made_lanes import ABOVE, lanes

from nominima.judging.lanes import legend
from nominima.judging.parts import Findings, Part, View, each_condition, must_fail, narrowed
from nominima.planning.knobs import KNOBS

ADAM = {"dataset": "a", "noise": 0.0, "model": "mlp", "optimizer": "adam", "rate": 0.001, "batch": 100}
SGD = ADAM | {"optimizer": "sgd", "rate": 0.03, "batch": 50}
NUMBERS = {name: knob.default for name, knob in KNOBS.items() if knob.kind in ("Int64", "Float64") and not knob.part}
QUIET = {name: default for name, default in NUMBERS.items() if default is not None and name != "noise"}


def names(*conditions):
    return legend(lanes(lambda *_: 1.0, conditions))["cell"].to_list()


@pytest.mark.parametrize("knob", QUIET)
def test_a_sweep_over_a_number_with_a_default_renames_no_other_cell(knob):
    usual, other = ADAM | {knob: QUIET[knob]}, ADAM | {knob: type(QUIET[knob])(7)}
    assert names(usual) == ["a, noise 0.0"]
    assert names(usual, other) == ["a, noise 0.0", f"a, noise 0.0, {knob} {other[knob]}"]


@pytest.mark.parametrize("part", sorted({knob.part for knob in KNOBS.values()} - {""}))
def test_nor_does_one_over_a_part_that_others_lack(part):
    own = {name: knob.default for name, knob in KNOBS.items() if knob.part == part and knob.kind == "String"}
    usual, other = ADAM | dict.fromkeys(own), ADAM | {name: value or "x" for name, value in own.items()}
    plain, told = sorted(names(usual, other), key=len)
    assert plain == "a, noise 0.0"
    assert told.startswith(f"a, noise 0.0, {part} ")


def test_a_frame_that_lacks_a_condition_gets_no_name_of_another_cell():
    bare, usual = (lanes(lambda *_: 1.0, (condition,)) for condition in (ADAM, ADAM | {"dropout": 0.0}))
    assert sorted(legend(bare, usual)["cell"]) == ["a, noise 0.0", "a, noise 0.0, dropout 0.0"]


def test_options_are_named_alike_in_any_order_of_columns():
    deep = ({"model.depth": 2, "model.blocks": 1}, {"model.depth": 3, "model.blocks": 2})
    turned = tuple(dict(reversed(options.items())) for options in deep)
    told = [names(*(ADAM | options for options in pair)) for pair in (deep, turned)]
    assert told == [["a, noise 0.0, blocks 1", "a, noise 0.0, blocks 2"]] * 2


@pytest.mark.parametrize("other", [ADAM | {"batch": 50}, SGD | {"rate": 0.001}, SGD | {"batch": 100, "steps": 9}])
@pytest.mark.parametrize("where", ["guards", "shown"])
def test_what_else_a_claim_looks_at_renames_none_of_its_cells(where, other):
    own, more = lanes(lambda *_: 1.0, (ADAM, SGD)), lanes(lambda *_: 0.0, (other,))
    assert told(own) == ["a, noise 0.0, adam", "a, noise 0.0, sgd"]
    assert told(own, **{where: more}) == told(own)


def told(own: pl.DataFrame, guards: pl.DataFrame | None = None, shown: pl.DataFrame | None = None):
    """The names of a part's cells, with a guard or a shown view of other lanes."""
    control = () if guards is None else (must_fail("control", guards),)
    beside = () if shown is None else (View("beside", shown),)
    (view,) = narrowed(Findings(Part(ABOVE, (View("number", own),), control), shown=beside)).primary.asks
    return [name for name, _ in each_condition(view.lanes)]
