"""Over the shelf: what every claim must be, and what it must bear."""

from functools import cache

import pytest
from made_tables import CLAIMS, TRACE, drawn, found, judged, lanes, lose, of_runs, others, picture, table, world
from polars.exceptions import PolarsError
from polars.testing import assert_frame_equal

from docs.generate import rules_of
from nominima.drawing.abreast import Abreast
from nominima.drawing.against import Against
from nominima.judging.decide import decide
from nominima.judging.evidence import numbers, of_view, read_numbers, write_numbers
from nominima.judging.words import of_claim
from nominima.planning import shelf

each = pytest.mark.parametrize("name", CLAIMS, scope="module")
"""Claim after claim, so that one worker has all tests of a claim and its world is made once."""
TRAINED = [name for name in CLAIMS if of_runs(shelf.constant("claims", name, "MEASURES"))]
trained = pytest.mark.parametrize("name", TRAINED, scope="module")


@cache
def true(name):
    """The tables of a world in which a claim holds, what it finds there, and the verdict."""
    tables = world(name)
    made = found(name, **tables)
    return tables, made, decide(name, made)


def views(panel) -> list[str]:
    """The names of what a panel draws."""
    if isinstance(panel, Against):
        return [panel.x, panel.y]
    return [name for name, *_ in panel.columns] if isinstance(panel, Abreast) else [panel.view]


@each
def test_it_holds_in_a_world_of_its_own_and_every_panel_is_drawn(name):
    _, made, verdict = true(name)
    assert verdict.outcome == "supported", verdict.reason
    told, panels = picture(name, made, verdict), shelf.load("claims", name).PANELS
    table = numbers(made)
    assert [view for panel in panels for view in views(panel) if of_view(table, view).is_empty()] == []
    assert all(panel.title.split()[0] in told for panel in panels)


@trained
def test_a_sweep_that_diverged_leaves_it_untested_and_can_be_drawn(name):
    tables, _, usual = true(name)
    made = found(name, **tables | {measure: lose(measure, tables[measure], 1) for measure in of_runs(tables)})
    verdict = decide(name, made)
    assert picture(name, made, verdict)
    if verdict.primary == usual.primary:  # what decides is theory: parts are trained
        changed = [part for part, other in zip(verdict.parts, usual.parts, strict=True) if part != other]
        assert {part.outcome for part in changed} == {"untested"}
        assert all("are lost" in part.reason for part in changed)
        return
    assert verdict.outcome == "untested"
    assert "are lost" in verdict.reason
    assert verdict.lost == verdict.runs > 0


def told(cell):
    """All that is said of a cell but its conditions, and whether it holds at the level of all cells together."""
    return cell.model_dump(exclude={"condition", "firm"})


@trained
def test_a_sweep_of_another_condition_changes_no_cell_and_no_name(name):
    """Half of its networks again with another knob and other numbers: arms lack, and choices would be made anew."""
    tables, _, usual = true(name)
    knob, value = ("batch", 7) if name.startswith("c6d") else ("smoothing", 0.1)  # in which the arms of c6d differ
    more = judged(
        name, **tables | {measure: others(measure, tables[measure], **{knob: value}) for measure in of_runs(tables)}
    )
    for part, its in zip((usual.primary, *usual.parts), (more.primary, *more.parts), strict=True):
        known = [cell for cell in its.cells if cell.condition.get(knob) != value]
        assert [told(cell) for cell in known] == [told(cell) for cell in part.cells]
        pairs = zip(part.cells, known, strict=True)
        assert all(cell.condition.items() <= other.condition.items() for cell, other in pairs)
    trends = [(trend.name, trend.tau) for trend in more.truer.cells if trend.condition.get(knob) != value]
    assert trends == [(trend.name, trend.tau) for trend in usual.truer.cells]


def test_a_made_table_has_the_columns_of_its_measure_so_that_one_renamed_there_breaks_its_claims():
    row = {"step": 0, "norm": 1.0, "relative_norm": 1.0}
    assert table("norms", (lane | row | {"travelled": 0.0} for lane in lanes())).height == 64
    with pytest.raises(PolarsError, match="travelled"):
        table("norms", (lane | row | {"way": 0.0} for lane in lanes()))


@each
def test_without_any_measurement_it_says_what_is_missing(name):
    verdict = judged(name)
    assert verdict.outcome == "untested"
    asked = shelf.constant("claims", name, "MEASURES") or ("trends",)
    assert any(f"there is no measurement of {measure}" in verdict.reason for measure in asked)
    assert "Nothing is drawn" in drawn(name)


@each
def test_it_has_words_a_control_that_must_fail_and_few_lines(name):
    assert of_claim(name).literature
    guards = true(name)[1].primary.guards
    assert any(guard.kind == "negative" for guard in guards)
    assert len(shelf.path("claims", name).read_text().splitlines()) <= 150


@each
def test_its_numbers_are_those_it_is_judged_by(name):
    """The cells of a verdict are those of its numbers, and no column stands for nothing."""
    _, made, verdict = true(name)
    table = numbers(made)
    for cell in verdict.primary.cells:
        assert set(cell.condition) <= set(table.columns)
    assert not table.is_duplicated().any()


@each
def test_the_rules_that_are_listed_are_those_its_cells_are_judged_by(name):
    made = true(name)[1]
    asked = [view.rule or part.rule for part in (made.primary, *made.parts) for view in part.asks]
    listed = list(rules_of(name).values())
    assert all(rule in listed for rule in asked)
    assert all(rule in asked for rule in listed)


@each
def test_its_numbers_are_read_as_they_were_stored(name, tmp_path):
    tables = true(name)[0]
    lost = {measure: lose(measure, tables[measure], 0.3) for measure in of_runs(tables)}
    for each in (tables, tables | lost, {}):
        table = numbers(found(name, **each))
        write_numbers(tmp_path / "numbers.csv", table, TRACE)
        kept = read_numbers(tmp_path / "numbers.csv")
        assert_frame_equal(kept, table, check_row_order=False)
        assert kept["view"].is_sorted()
