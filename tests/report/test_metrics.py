"""What `dvc metrics` and `dvc plots` show of verdicts, through the real DVC."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from made_project import trace, within
from made_verdicts import scoreboard, untested, verdict

from nominima.auditing.contents import compare
from nominima.ground.places import METRICS
from nominima.ground.places import verdict as verdict_at
from nominima.judging.record import Verdict, write_judged
from nominima.planning import digests
from nominima.tracing.artefact import read_trace
from nominima.tracing.job import Work
from nominima.verbs.metrics import metrics

ROOT = Path(__file__).parents[2]


def make(folder: Path, *verdicts: Verdict) -> list[Path]:
    with within(folder):
        for each in verdicts:
            write_judged(Path(verdict_at(each.claim)), each, trace("judge", {"claim": each.claim}))
        write_judged(Path(verdict_at("scoreboard")), scoreboard(*verdicts), trace("judge", {"claims": []}))
        inputs = [Path(verdict_at(name)) for name in (*(each.claim for each in verdicts), "scoreboard")]
        metrics(Work("report", {"metrics": []}, digests.code("verbs.metrics"), inputs, list(map(Path, METRICS))))
    return [folder / name for name in METRICS]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project with the shipped stages and charts of DVC."""
    for name in (".dvc/config", ".dvc/plots/cells.json", "dvc.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    return tmp_path


def committed(root: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    subprocess.run(["git", *who, "commit", "-q", "-m", "results"], cwd=root, check=True)


def dvc(root: Path, *words: str) -> Any:
    told = subprocess.run(["dvc", *words], cwd=root, check=True, capture_output=True, text=True)
    return json.loads(told.stdout)


def test_dvc_compares_words_and_numbers_and_takes_no_trace_for_one(project: Path) -> None:
    make(project, verdict("c0a", "mixed"), untested("c1a"))
    committed(project)
    make(project, verdict("c0a", "supported"), untested("c1a"))
    shown = dvc(project, "metrics", "show", "--json")[""]["data"][METRICS[0]]["data"]
    assert shown.keys() == {"c0a", "c1a"}
    assert shown["c1a"]["word"] == "untested"
    assert shown["c1a"].keys().isdisjoint({"number", "low", "high"})
    change = dvc(project, "metrics", "diff", "--json")[METRICS[0]]
    assert change.keys() == {"c0a.word"}
    assert (change["c0a.word"]["old"], change["c0a.word"]["new"]) == ("mixed", "supported")


def test_dvc_draws_every_number_that_decides_with_its_interval(project: Path) -> None:
    told = verdict("c0a")
    make(project, told, untested("c1a"))
    found = subprocess.run(["dvc", "plots", "show", "--show-vega", METRICS[1]], cwd=project, check=True,
                           capture_output=True, text=True)  # fmt: skip
    chart = json.loads(found.stdout)
    expected = [
        (cell.name.split(",")[0], number.estimate.value, number.estimate.low, number.estimate.high, number.outcome)
        for part in (told.primary, *told.parts)
        for cell in part.cells
        for number in cell.numbers
    ]
    drawn = chart["data"]["values"]
    assert expected
    assert [(row["cell"].split(",")[0], *(row[name] for name in ("number", "low", "high", "word")))
            for row in drawn if row["claim"].startswith("c0a")] == expected  # fmt: skip
    assert chart["spec"]["encoding"]["color"]["field"] == "rev"


def test_both_files_hold_their_trace_and_an_audit_reads_their_words(tmp_path: Path) -> None:
    before, after = make(tmp_path / "a", verdict("c0a", "mixed")), make(tmp_path / "b", verdict("c0a", "supported"))
    for path in before:
        held = read_trace(path)
        assert held is not None
        assert held.verb == "report"
    found = compare(before[0], after[0])
    assert found is not None
    assert found.decided == ["c0a.word"]
    again = compare(before[1], before[1])
    assert again is not None
    assert again.equal
