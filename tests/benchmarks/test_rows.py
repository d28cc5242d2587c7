import json

import pytest
from pydantic import ValidationError

from benchmarks.harness.publish import told
from benchmarks.harness.rows import RESULTS, Row, dumps, read, replaced, rows_of
from benchmarks.harness.table import DOCS, REFRESH, refreshed, section, stale
from benchmarks.harness.timing import Side, Timed, interleaved, ratio
from nominima.tracing.trace import processor

BLANK = dict.fromkeys(("spread", "error_ours", "error_peer", "share_of_peak", "peak", "processor"))


def row(work: str = "add", setting: str = "n = 4", peer: str = "abacus", ratio: float = 2.0, **told) -> Row:
    return Row(**{"work": work, "setting": setting, "peer": peer, "ratio": ratio, **BLANK, **told})


def test_the_docs_show_the_results():
    assert list(stale(DOCS.read_text(), read())) == [], f"benchmarks/results.json changed: run `{REFRESH}`"


def test_the_results_are_as_they_would_be_written():
    assert RESULTS.read_text() == dumps(replaced([], read()))


class Clock:
    """Runs only while work is done: each call of a side takes the time that the side tells."""

    def __init__(self):
        self.now, self.order = 0.0, []

    def side(self, name: str, seconds: list[float], units: float = 1.0) -> Side:
        turns = iter(seconds)

        def work() -> None:
            self.now += next(turns)
            self.order.append(name)

        return Side(work, units)

    def __call__(self) -> float:
        return self.now


def test_sides_take_turns_after_a_call_that_does_not_count():
    clock = Clock()
    sides = {"ours": clock.side("ours", [9, 1, 1, 2, 4]), "peer": clock.side("peer", [9, 4, 4, 4, 4], units=2)}
    found = interleaved(sides, rounds=3, at_least=0, clock=clock)
    assert clock.order == ["ours", "peer"] * 1 + ["ours", "peer"] * 4
    assert found == {"ours": Timed([1, 2, 4]), "peer": Timed([2, 2, 2])}
    assert found["ours"].best == 1
    assert ratio(found["ours"], found["peer"]) == (1.0, pytest.approx((1.5 - 0.75) / 1))


def test_short_work_is_repeated_until_it_can_be_timed():
    clock = Clock()
    found = interleaved({"ours": clock.side("ours", [1.0] * 100)}, rounds=2, at_least=10, clock=clock)
    assert len(clock.order) == 1 + 1 + 2 * 10
    assert found["ours"].seconds == [1.0, 1.0]


def test_a_row_for_each_peer_with_both_errors():
    sides = {"ours": Side(int, error=1e-7), "a": Side(int, error=0.5), "b": Side(int)}
    timed = {"ours": Timed([1, 1]), "a": Timed([3, 3]), "b": Timed([0.5, 0.5])}
    here = {"spread": 0.0, "error_ours": 1e-7, "share_of_peak": 0.612, "peak": 68.1, "processor": processor()}
    assert rows_of("add", "n = 4", sides, timed, 0.61234 * 68.12e9, 68.12e9) == [
        row(peer="a", ratio=3.0, error_peer=0.5, **here),
        row(peer="b", ratio=0.5, **here),
    ]


def test_slower_work_has_the_smaller_ratio():
    sides = {"ours": Side(lambda: sum(range(20_000))), "half": Side(lambda: sum(range(10_000)))}
    timed = interleaved(sides, rounds=3, at_least=0.01)
    assert 0.3 < ratio(timed["ours"], timed["half"]).ratio < 0.8


@pytest.mark.parametrize("wrong", [{"ratio": -1.0}, {"ratio": float("nan")}, {"setting": "a | b"}, {"more": 1}])
def test_a_row_holds_exactly_what_it_should(wrong):
    with pytest.raises(ValidationError):
        Row(**{**row().model_dump(), **wrong})


def test_rows_of_a_work_on_a_processor_replace_its_old_ones_and_leave_the_others():
    old = [row("add", peer="x"), row("add", peer="y"), row("add", peer="x", processor="b"), row("sub", peer="x")]
    assert replaced(old, [row("add", peer="z")]) == [row("add", peer="z"), *old[2:]]
    new = [row("add", peer="z", processor="a"), row("add", peer="v", processor="a")]
    assert replaced(old, new) == [*old[:2], *new, *old[2:]]
    assert json.loads(dumps(old)) == [each.model_dump() for each in old]


def test_a_table_shows_the_columns_that_say_something():
    told = section("add", [row(ratio=12.345, spread=0.05), row(peer="fingers", error_peer=0.25)])
    assert told.splitlines() == [
        "<!-- bench add: made by `make bench` -->", "",
        "| setting | peer | ratio | error of peer |",
        "| --- | --- | --- | --- |",
        "| n = 4 | abacus | 12.3 ± 5% | – |",
        "| n = 4 | fingers | 2 | 0.25 |", "", "<!-- end -->",
    ]  # fmt: skip


def test_a_table_shows_processors_side_by_side_with_the_larger_error():
    wide = {"processor": "x86_64 Maker avx512f", "share_of_peak": 0.5}
    rows = [row(processor="x86_64 Maker avx2", share_of_peak=0.25, peak=68.1, error_ours=1e-7),
            row(peer="fingers", processor="x86_64 Maker avx2", peak=64.0),
            row(ratio=3.0, spread=0.1, error_ours=2e-7, **wide, peak=100.0)]  # fmt: skip
    assert section("add", rows).splitlines()[2:] == [
        "| setting | peer | ratio on avx2 | share of peak | ratio on avx512f | share of peak | error of ours |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| n = 4 | abacus | 2 | 0.25 | 3 ± 10% | 0.50 | 2e-07 |",
        "| n = 4 | fingers | 2 | – | – | – | – |", "",
        "Peak in GFLOP/s: x86_64 Maker avx2 64–68.1; x86_64 Maker avx512f 100.", "", "<!-- end -->",
    ]  # fmt: skip


def test_tables_are_refreshed_where_they_stand_and_new_ones_come_last():
    text = f"# Title\n\nbefore\n\n{section('add', [row()])}\nafter\n\n{section('gone', [row('gone')])}end\n"
    rows = [row("add", ratio=3.0), row("new")]
    assert list(stale(text, rows)) == ["add", "gone", "new"]
    fresh = refreshed(text, rows)
    assert fresh == (
        f"# Title\n\nbefore\n\n{section('add', rows[:1])}\nafter\n\nend\n\n## New\n\n{section('new', rows[1:])}"
    )
    assert list(stale(fresh, rows)) == []
    assert refreshed(fresh, rows) == fresh


def test_a_row_is_told_in_a_line():
    assert told(row(spread=0.1, share_of_peak=0.5)) == (
        "add, n = 4: 2 × abacus (± 10%), 0.50 of the peak; errors None and None"
    )
