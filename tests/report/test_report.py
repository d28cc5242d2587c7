import re
import subprocess
import sys
from pathlib import Path

import png
import polars as pl
import pytest
from made_verdicts import scoreboard, untested, verdict

from nominima.drawing.outlined import with_text
from nominima.drawing.panels import Panel
from nominima.judging.evidence import COLUMNS, write_numbers
from nominima.judging.record import write_judged
from nominima.planning import digests
from nominima.tracing.artefact import read_trace
from nominima.tracing.job import Work
from nominima.tracing.trace import Trace
from nominima.verbs import report

SPEC = '{"figure":"scoreboard"}'


def draw(folder: Path) -> list[Path]:
    """The scoreboard's figure, made by the job as Snakemake runs it."""
    (folder / "reports/verdicts").mkdir(parents=True)
    trace = Trace(verb="judge", spec={"claims": []}, code="c0de", inputs={}, environment={})
    write_judged(folder / "reports/verdicts/scoreboard.json", scoreboard(verdict(), untested("c1a")), trace)
    outputs = [Path(f"reports/figures/scoreboard.{suffix}") for suffix in ("vl.json", "svg", "png")]
    command = [sys.executable, "-m", "nominima.verbs.report", "--spec", SPEC, "--code", digests.code("verbs.report")]
    command += ["--inputs", "reports/verdicts/scoreboard.json", "--outputs", *map(str, outputs)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return [folder / path for path in outputs]


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("project"))


def test_all_three_files_hold_the_same_trace(figures):
    traces = [read_trace(path) for path in figures]
    assert traces[0] is not None
    assert traces[0].spec == {"figure": "scoreboard"}
    assert list(traces[0].inputs) == ["reports/verdicts/scoreboard.json"]
    assert traces == [traces[0]] * 3


def test_the_trace_code_is_printed(figures):
    trace = read_trace(figures[0])
    assert trace is not None
    assert f"trace {trace.key}" in figures[0].read_text()
    assert f"trace {trace.key}" in figures[1].read_text()


def test_it_says_what_it_shows_in_words(figures):
    told = "<title>2 claims on trial: 1 mixed, 1 untested</title><desc>Bigger is better: Its one claim is mixed\n"
    assert told in figures[1].read_text()


def test_the_same_input_gives_the_same_bytes(figures, tmp_path):
    again = draw(tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in figures]


def test_the_picture_is_twice_the_size_of_the_drawing(figures):
    width, _, _, _ = png.Reader(bytes=figures[2].read_bytes()).read()
    assert f'width="{width // 2}"' in figures[1].read_text()[:300]


@pytest.mark.parametrize(("width", "times"), [(400, 2), (900, 2), (901, 1), (2500, 1)])
def test_a_wide_picture_is_not_enlarged(width, times):
    assert report.scale(f'<svg version="1.1" width="{width}" height="700">') == times


def test_figures_ask_nothing_of_the_network(figures):
    addresses = [part.split('"')[0] for part in figures[1].read_text().split("http")[1:]]
    assert set(addresses) <= {"://www.w3.org/2000/svg", "://www.w3.org/1999/xlink"}


NUMBERS = pl.DataFrame(
    {"dataset": "a", "view": "loss", "size": size, "place": None, "seed": seed, "value": 1 / size + 0.001 * seed,
     "status": None}
    for size in (4.0, 16.0) for seed in range(8)
).cast(COLUMNS)  # pyright: ignore[reportArgumentType]  # fmt: skip


def drawn(outcome, numbers):
    panels = (Panel("loss", "The loss by size", "nats", limit=(0.1, "the claim: below it")),)
    chart = report.detail(panels, numbers, outcome, "Bigger is better", "1a2b3c4d5e6f")
    return " ".join(re.findall(r"<text[^>]*>([^<]*)<", with_text(report.rendered(chart)["svg"].decode())))


def test_a_claims_detail_picture_has_every_panel_and_every_number():
    told = drawn(verdict(), NUMBERS)
    for expected in ("Bigger is better", "MIXED", "One condition is on the claim's side", "The loss by size",
                     "thin dashes: the claim: below it", "The numbers that decide",
                     "84 runs, 6 lost · trace 1a2b3c4d5e6f"):  # fmt: skip
        assert expected in told


def test_a_claim_without_evidence_has_a_detail_picture_that_says_so():
    told = drawn(untested("c1a"), NUMBERS.clear())
    assert "UNTESTED" in told
    assert "Nothing is drawn of the evidence: there are no numbers." in told


def test_a_card_and_a_detail_picture_have_traces_and_stamps_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, made = "c0a_bigger_is_better", Trace(verb="judge", spec={}, code="c0de", inputs={}, environment={})
    inputs = [Path(f"reports/verdicts/{name}.json"), Path(f"reports/evidence/{name}.csv")]
    write_judged(inputs[0], verdict(name), made)
    write_numbers(inputs[1], NUMBERS.with_columns(view=pl.lit("stopped loss")), made)
    stamps = {}
    for kind, stem in (("figure", name), ("detail", f"{name}.detail")):
        outputs = [Path(f"reports/figures/{stem}.{suffix}") for suffix in ("vl.json", "svg", "png")]
        report.report(Work("report", {kind: name}, digests.code("verbs.report"), inputs, outputs))
        trace = read_trace(outputs[1])
        assert trace is not None
        assert [read_trace(path) for path in outputs] == [trace] * 3
        assert trace.spec == {kind: name}
        stamps[kind] = trace.key
        assert re.search(rf'aria-label="([^"]* )?trace {trace.key}"', outputs[1].read_text())
        assert "<title>Bigger is better</title><desc>mixed: " in outputs[1].read_text()
    assert stamps["figure"] != stamps["detail"]
