"""What is told of a file fits the reader, and what cannot be told is refused in one line."""

import io
import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import png
import pytest
from asked import FIGURE, lone, run, told, trace_of
from rich.console import Console

from chain import build, commit, plan, write
from nominima.ground.places import VERBS, ledger
from nominima.planning.plan import Job
from nominima.tracing.ledger import read_ledger
from nominima.tracing.receipt import FOLDER
from nominima.tracing.tell import show
from nominima.tracing.trace import Trace
from nominima.tracing.walk import Ancestor, Walk
from nominima.verbs.seal import seal


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no PNG"),
        (b"\xff\xd8\xff\xe0 JFIF", "no PNG"),
        (b"\x89PNG\r\n\x1a\n", "damaged or truncated"),
        (b"{", "damaged or truncated"),
        (b"PAR1PAR1", "damaged or truncated"),
    ],
)
def test_what_is_no_artefact_is_refused_in_one_line(content: bytes, message: str, project: Path) -> None:
    Path("../x").write_bytes(content)
    result = run("../x")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("../x: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_missing_files_and_folders_are_refused(project: Path) -> None:
    assert run("../none").stderr == "../none: no such file\n"
    assert "a folder" in run("..").stderr
    assert run("../none", "--code", "1a2b3c4d5e6f").stderr == run().stderr == "give either a file or --code\n"


def test_a_file_of_100_megabytes_takes_seconds_at_most(project: Path) -> None:
    header, *rest = png.Reader(bytes=Path(FIGURE).read_bytes()).chunks()
    large = io.BytesIO()
    png.write_chunks(large, [header, (b"juNk", bytes(100 * 2**20)), *rest])
    Path("../x").write_bytes(large.getvalue())
    start = time.monotonic()
    assert told("../x")["standing"] == "altered"
    Path("../x").write_bytes(os.urandom(2**20) * 100)
    assert run("../x").exit_code == 1
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(("files", "lines", "more"), [(5, 5, ""), (350, 5, "… and 345 more: `--json` lists them")])
def test_of_many_raw_files_the_first_are_told(files: int, lines: int, more: str) -> None:
    screen = io.StringIO()
    raw = {f"data/raw/{at}.safetensors": "ab" * 32 for at in range(files)}
    show(Walk("unknown", "no trace", None, None, None, raw=raw), Console(file=screen, width=200))
    assert screen.getvalue().count("SHA-256") == lines
    assert [line.split(maxsplit=1)[1].strip() for line in screen.getvalue().splitlines() if "more" in line] == [
        more
    ] * bool(more)


def test_a_summary_of_what_was_trained_leads() -> None:
    shared = {"model": "mlp", "dataset": "digits", "optimizer": "adam", "first_seed": 100}
    few, many = shared | {"size": 16, "seeds": 2}, shared | {"size": 4, "seeds": 8}
    specs = [{"run": {"training": few}}, {"run": {"training": many}, "lanes": [{}, {}]}]
    assert "trained   18 networks: mlp of size 4, 16; on digits; adam; seeds 100–107\n" in shown(specs)
    others = [{"run": {"training": few | {"model": "cnn", "first_seed": 300}}}]
    assert "trained   20 networks: cnn of size 16; mlp of size 4, 16; on" in shown(specs + others)
    assert "seeds 100–107, 300–301\n" in shown(specs + others)
    assert "trained   " not in shown([{"run": {"training": "a forger's"}}])


def shown(specs: list[dict[str, Any]]) -> str:
    traces = [Trace(verb="train", spec=spec, code="c", inputs={}, environment={}) for spec in specs]
    steps, screen = [Ancestor("train", "w", trace, {}, None) for trace in traces], io.StringIO()
    show(Walk("unknown", "no trace", None, None, None, steps=steps), Console(file=screen, width=200))
    return "".join(f"{line.rstrip()}\n" for line in screen.getvalue().splitlines())


@pytest.mark.parametrize(
    ("lanes", "words"),
    [
        (
            [
                {"variant": "clean", "training": {"noise": 0.0}, "taken": {}},
                {"variant": "pruned", "training": {"noise": 0.3, "prune": {"keep": 0.6}}, "taken": {"prune": "a/b"}},
            ],
            "clean (noise 0.0) + pruned (noise 0.3, prune.keep 0.6)",
        ),
        ([{"training": {}}], '[{"training":{}}]'),
        ([1], "[1]"),
        ("text", "text"),
    ],
)
def test_lanes_are_told_in_words(lanes: Any, words: str) -> None:
    assert f"  with   lanes {words}\n" in shown([{"lanes": lanes}])


def test_a_damaged_receipt_is_noted_and_hides_nothing_else(project: Path) -> None:
    Path(FOLDER).mkdir()
    Path(FOLDER, "x.json").write_text("{")
    walk = told(lone())
    assert walk["standing"] == "recorded"
    assert "x.json: not a receipt" in walk["notes"][0]


def test_a_broken_ledger_in_the_working_tree_is_noted_and_passed_over(project: Path) -> None:
    file = lone()
    Path(ledger("train")).write_text("<<<<<<< HEAD")
    walk = told(file)
    assert walk["standing"] == "recorded"
    assert "train.json: not a sound ledger" in walk["notes"][0]


def test_the_commands_told_bring_the_files_back(project: Path) -> None:
    file, text = lone(), Path(FIGURE).read_bytes()
    build(plan(rate=0.2))
    commit("Raise the rate")
    _, command, *_ = told(file)["commands"]
    subprocess.run(["bash", "-c", f"{command} && pwd"], check=True, capture_output=True)
    (aside,) = project.parent.glob("project-*")
    assert (aside / FIGURE).read_bytes() == text


@pytest.mark.parametrize(
    ("config", "place"), [("[cache]\n    dir = /other place", "'/other place'"), ("<<<<<<<", "{}")]
)
def test_the_cache_told_is_that_of_dvc(config: str, place: str, project: Path) -> None:
    Path(".dvc").mkdir(exist_ok=True)
    Path(".dvc/config.local").write_text(config)
    expected = place.format(project / ".dvc/cache")
    assert f"dvc cache dir --local {expected} && dvc checkout  # as recorded" in told(lone())["commands"]


@pytest.mark.parametrize("columns", ["80", "40"])
def test_the_story_fits_the_terminal(columns: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = run(lone()).stdout
    story, _, commands = out.partition("to have it back")
    assert max(map(len, story.splitlines())) <= int(columns)
    assert f"  snakemake --cores all {FIGURE}" in commands
    assert "\n\nreport\n" in story.replace("\n\n\n", "\n\n")
    assert "\ufffd" not in story
    for word in ("report", "judge", "measure", "train", "prepare", "0.5, 0.1", "exactly these bytes"):
        assert word in story


def test_a_long_list_is_cut_in_the_story_and_whole_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build({"prepare": {}}, ("prepare",))
    for at in range(30):
        trace = Trace(verb="train", spec={"run": {"seed": at}}, code="c", inputs={}, environment={})
        write(Path(f"data/runs/w/{at}.parquet"), trace)
    jobs = {str(at): (f"data/runs/w/{at}.parquet", trace_of(f"data/runs/w/{at}.parquet")) for at in range(30)}
    seal("train", {name: Job([], [file], json.dumps(trace.spec), "c") for name, (file, trace) in jobs.items()})
    inputs = read_ledger(Path(ledger("train"))).digests
    write(Path("x.json"), Trace(verb="judge", spec={}, code="c", inputs=inputs, environment={}))
    assert len(told("x.json")["steps"]) == 31
    assert "(30 in all)" in run("x.json").stdout


def test_every_verb_is_told_in_order(project: Path) -> None:
    verbs = [step["verb"] for step in told("reports/index.html")["steps"]]
    assert sorted(verbs, key=lambda verb: -VERBS.index(verb)) == verbs
