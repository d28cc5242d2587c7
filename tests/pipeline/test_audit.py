"""Results are made again: what was recorded honestly comes out to the last bit, and a consistent forgery does not."""

import json
from pathlib import Path
from typing import Any

import pytest
from forging import bare, forge, repacked
from project import Project, tell_verdicts

from nominima.ground.places import ledger
from nominima.tracing.ledger import read_ledger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FIGURE = "reports/figures/c1a_random_points.png"
VERDICT = "reports/verdicts/c1a_random_points.json"
RUN = "data/runs/single/base/parameters.safetensors"
PAGE = "reports/index.html"
TABLE = "data/measures/runs/sizes/noisy.w4/learning_curve.parquet"


def audited(project: Project, *arguments: str, code: int = 0) -> dict[str, Any]:
    output = project.run("nominima", "audit", *arguments, "--json", check=False)
    assert output.endswith(f"exit code {code}"), output
    return json.loads(output[output.index("{\n") : output.rindex("}") + 1])


def graded(found: dict[str, Any]) -> dict[str, str]:
    return {file["path"]: file["grade"] for job in found["jobs"].values() for file in job["files"]}


def blackened(picture: Path, target: Path) -> None:
    """The picture with its upper rows black, the trace kept."""

    def black(rows: bytearray, _: int) -> None:
        rows[: len(rows) // 4] = bytes(len(rows) // 4)

    repacked(picture, target, black)


def other_seed(arrays: dict[str, Any]) -> None:
    """Give each lane of a training the checkpoints of another."""
    arrays["theta"] = arrays["theta"][:, ::-1].copy()


def begun(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["job"]: each["files"] for each in found["begins"]}


def test_a_lone_picture_is_made_again_from_the_data_and_a_receipt_tells_so(project: Project, tmp_path: Path) -> None:
    picture = tmp_path / "from-a-talk.png"
    picture.write_bytes((project.root / FIGURE).read_bytes())
    project.edit("params.yaml", "steps: 30", "steps: 40")
    found = audited(project, str(picture), "--from", "data")
    assert found["counts"] == {"bitwise": len(graded(found))}
    assert {name.split()[0] for name in found["jobs"]} == {"prepare", "measure", "judge", "report"}
    assert (found["other_source"], found["other_environment"]) == ([], [])
    assert project.run("git", "status", "--short", "reports").split()[:2] == ["??", "reports/audits/"]
    traced = " ".join(project.run("nominima", "trace", str(picture)).split())
    assert "from data: bitwise (reports/audits/" in traced
    assert "figures/c1a_random_points.png" in project.run("nominima", "audits")
    (receipt,) = (project.root / "reports/audits").glob("*-from-a-talk.png.json")
    told = json.loads(receipt.read_text())
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicate"]["commit"] == found["commit"]
    assert {each["name"] for each in told["subject"]} == graded(found).keys()


def test_forged_files_with_all_records_of_them_are_found_where_they_begin(project: Project) -> None:
    def better(columns: dict[str, list[Any]]) -> None:
        columns["validation_loss"] = [0.99 * value for value in columns["validation_loss"]]

    forge(project, RUN, other_seed)
    forge(project, TABLE, better)
    assert "everything is here and as recorded" in project.run("nominima", "verify", check=False)
    found = audited(project, "c0a", "--from", "data", "--strict", code=1)
    assert begun(found)["train single/base"] == [RUN]
    assert begun(found)["measure runs/sizes/noisy.w4"] == [TABLE]
    assert graded(found)["data/runs/single/base/metrics.parquet"] == "bitwise"
    assert not any(job.startswith(("judge", "prepare")) for job in begun(found))


def test_a_forged_word_is_found_and_other_source_is_told_first(project: Project) -> None:
    def other_word(tree: dict[str, Any]) -> None:
        tree["outcome"] = tree["primary"]["outcome"] = "contradicted"

    forge(project, VERDICT, other_word)
    project.edit("src/nominima/judging/decide.py", "\ndef ", "\nEXTRA = print()\n\n\ndef ")
    output = project.run("nominima", "audit", "c1a", check=False)
    assert output.endswith("exit code 1")
    assert "note: other source than made it: judging.decide" in output
    assert "✘ begins in judge c1a_random_points" in output
    assert "outcome: recorded contradicted, again " in output
    assert "different: the worst of" in output


def test_a_picture_that_does_not_show_its_chart_is_found(project: Project, tmp_path: Path) -> None:
    honest = project.root / FIGURE
    edited = tmp_path / "edited.png"
    blackened(honest, edited)
    output = project.run("nominima", "audit", str(edited), check=False)
    assert "only what a commit records can be audited" in output
    assert output.endswith("exit code 1")
    forge(project, FIGURE, lambda _: blackened(honest, honest))
    found = audited(project, "c1a", code=1)
    assert graded(found)[FIGURE] == "different"
    assert begun(found) == {"report c1a_random_points": [FIGURE]}


def test_what_is_published_is_what_is_recorded(project: Project) -> None:
    """Honest, all is bitwise; a row of the README, then the page with all records of it, are told with both words."""
    tell_verdicts(project)
    found = audited(project, "all", "--from", "verdicts", "--no-receipt")
    assert found["counts"] == {"bitwise": len(graded(found))}
    assert {name.split()[0] for name in found["jobs"]} == {"report", "README.md"}
    assert {PAGE, "README.md"} <= graded(found).keys()
    word = json.loads((project.root / VERDICT).read_text())["outcome"]
    other = "contradicted" if word == "supported" else "supported"

    lines = (project.root / "README.md").read_text().splitlines()
    row = next(line for line in lines if "c1a_random_points.svg" in line)
    project.edit("README.md", row, row.replace(f"**{word}**", f"**{other}**"))
    assert "commit it first" in project.run("nominima", "audit", "README.md", check=False)
    project.commit()
    output = project.run("nominima", "audit", "README.md", check=False)
    assert output.endswith("exit code 1")
    assert f"README.md says **{other}** for c1a_random_points, verdict; recorded is **{word}**" in output
    (receipt,) = (project.root / "reports/audits").glob("*-README.md.json")
    told = json.loads(receipt.read_text())["predicate"]
    assert (told["jobs"]["README.md table"], told["grade"]) == ({"README.md": "different"}, "different")
    assert {grade for files in told["jobs"].values() for grade in files.values()} == {"different", "bitwise"}

    page = project.root / PAGE
    page.chmod(0o644)
    page.write_text(page.read_text().replace(f" {word}</span>", f" {other}</span>"))
    assert "only what a commit records can be audited" in project.run("nominima", "audit", PAGE, check=False)
    forge(project, PAGE, lambda _: None)
    assert "everything is here and as recorded" in project.run("nominima", "verify", check=False)
    output = project.run("nominima", "audit", "all", "--from", "verdicts", "--no-receipt", check=False)
    assert output.endswith("exit code 1")
    beginnings = [line for line in output.splitlines() if line.startswith("✘")]
    assert beginnings == ["✘ begins in report page", "✘ begins in README.md table"]
    assert f"{PAGE}: different" in output
    assert "README.md: different" in output
    assert f"{PAGE} says " in output


def test_what_a_ledger_hides_is_not_good(project: Project) -> None:
    path = project.root / "reports/ledger/judge.json"
    tree = json.loads(path.read_text())
    del tree["jobs"]["c1a_random_points"]["outputs"][VERDICT]
    path.write_text(json.dumps(tree))
    commit = project.commit()
    output = project.run("nominima", "audit", "c1a", check=False)
    assert "not recomputed: the worst of " in output
    assert f"`git worktree add ../then {commit[:12]}` checks that commit out" in output
    assert output.endswith("exit code 1")
    assert not (project.root / "reports/audits").exists()


REFUSED = {
    ("c9z",): "c9z: neither a file, nor a printed code, nor a claim of commit",
    ("c0a", "--at", "v99"): "v99: no commit here has this name",
    ("Makefile",): "Makefile: no PNG, SVG,",
    ("stripped.png",): "only what a commit records can be audited, by that code too: nominima audit 1a2b3c4d5e6f",
    ("README.md", "--at", "HEAD"): "README.md: in commit",
    ("all", "--spot", "1", "--from", "data"): "leave out --from",
}


def test_what_cannot_be_audited_is_refused_in_a_sentence(project: Project) -> None:
    project.edit("README.md", "<!-- verdicts", "<!-- no verdicts")
    project.commit()
    (project.root / "stripped.png").write_bytes(bare(project.root / FIGURE))
    code = read_ledger(project.root / ledger("measure")).jobs["theory"].trace
    told = project.run("nominima", "audit", code, "--from", "verdicts", check=False)
    assert f"{code}: the picture you have was not looked at" in told
    assert f"{code}: is not made from verdicts" in told
    for arguments, told in REFUSED.items():
        output = project.run("nominima", "audit", *arguments, check=False)
        assert told in output, arguments
        assert output.endswith("exit code 1")
        assert "Traceback" not in output
    project.edit("params.yaml", "random_points:", "random_points: {dots: 3}\n  moved:")
    commit = project.commit()
    output = project.run("nominima", "audit", "c1a", check=False)
    assert f"params.yaml of commit {commit[:12]}: measures.moved" in output
    assert (
        f"these params are not understood by the source that is here; `git worktree add ../then {commit[:12]}`"
        in output
    )


def test_data_that_are_nowhere_are_named_with_what_to_do(project: Project, clone: Any) -> None:
    lone = clone(project)
    output = lone.run("nominima", "audit", "c1a", check=False)
    assert "nowhere here with its recorded bytes" in output
    assert "`--from data` needs raw data only" in output
    assert output.endswith("exit code 1")
    assert not (lone.root / "reports/audits").exists()
