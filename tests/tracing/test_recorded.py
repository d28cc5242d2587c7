"""An edited file is refused though its ledger is gone, where the commit or DVC knows other bytes for its trace."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chain import CLAIM, build, commit, make, plan, write
from nominima.ground.files import Refusal, digest
from nominima.ground.places import VERBS, ledger, owner
from nominima.tracing.artefact import read_trace
from nominima.tracing.ledger import read_ledger
from nominima.tracing.standing import start
from nominima.verbs.seal import seal

TABLE = "data/measures/runs/width/w4/norms.parquet"
VERDICT = f"reports/verdicts/{CLAIM}.json"


@pytest.fixture(params=["committed", "recorded by DVC"])
def project(request: pytest.FixtureRequest, recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A copy of the small project, known to Git alone or to DVC alone; which of them."""
    monkeypatch.chdir(shutil.copytree(recorded, tmp_path / "project"))
    if request.param == "committed":
        Path("dvc.lock").unlink()
    else:
        shutil.rmtree(".git")
    return request.param


def rewrite(file: str, value: int = 8) -> None:
    """Other numbers under the same trace."""
    trace = read_trace(Path(file))
    assert trace is not None
    write(Path(file), trace, value)


def launder(file: str) -> None:
    """Edit a file and delete its ledger."""
    rewrite(file)
    Path(ledger(owner(file))).unlink()


@pytest.mark.parametrize("file", [TABLE, "data/datasets/digits.safetensors", VERDICT])
def test_an_edited_file_is_refused_though_its_ledger_was_deleted(file: str, project: str) -> None:
    launder(file)
    known = f"{ledger(owner(file))} of Git's HEAD" if project == "committed" else "dvc.lock"
    told = f"{file}: edited by hand, .*: {known} has other bytes for its trace; delete this file, then"
    with pytest.raises(Refusal, match=told):
        start(plan())
    with pytest.raises(Refusal, match=told):
        seal(owner(file), plan()[owner(file)])
    assert not Path(ledger(owner(file))).exists()


def test_making_it_again_mends_it(project: str) -> None:
    before = Path(ledger("measure")).read_bytes()
    launder(TABLE)
    make("measure", plan()["measure"]["runs/width/w4"])
    seal("measure", plan()["measure"])
    assert Path(ledger("measure")).read_bytes() == before


def older_ledger() -> None:
    """The ledger of other parameters, which tells nothing of the file's trace."""
    Path("elsewhere").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("elsewhere")
        build(plan(rate=0.2))
    shutil.copy(Path("elsewhere", ledger("measure")), ledger("measure"))


def fewer_jobs() -> None:
    """A ledger in which the job is not."""
    job = plan()["measure"]["runs/width/w2"]
    Path(ledger("measure")).unlink()
    seal("measure", {"runs/width/w2": job})


@pytest.mark.parametrize("replaced", [older_ledger, fewer_jobs])
def test_a_ledger_that_does_not_know_the_trace_hides_nothing(replaced: Callable[[], None], project: str) -> None:
    replaced()
    rewrite(TABLE)
    with pytest.raises(Refusal, match=f"{TABLE}: edited by hand"):
        start(plan())
    with pytest.raises(Refusal, match=f"{TABLE}: edited by hand"):
        seal("measure", plan()["measure"])


def test_what_was_made_with_other_parameters_is_no_edit(project: str) -> None:
    newer = plan(rate=0.2)
    for verb in VERBS:
        Path(ledger(verb)).unlink()
    build(newer)
    assert not start(newer).needed


def test_the_same_bytes_are_sealed_again(project: str) -> None:
    before = Path(ledger("measure")).read_bytes()
    Path(ledger("measure")).unlink()
    assert not start(plan()).refused
    seal("measure", plan()["measure"])
    assert Path(ledger("measure")).read_bytes() == before


def test_a_damaged_cache_accuses_no_sound_file(project: str) -> None:
    """A few last bytes, so that its trace can still be read."""
    content = Path(TABLE).read_bytes()
    for kept in Path(".dvc/cache").glob("files/md5/??/*"):
        if kept.read_bytes() == content:
            rewrite(TABLE)
            kept.write_bytes(Path(TABLE).read_bytes())
            Path(TABLE).write_bytes(content)
    Path(ledger("measure")).unlink()
    assert not start(plan()).refused


@pytest.mark.parametrize("broken", ["dvc.lock", ".dvc/config"])
def test_records_that_cannot_be_read_stop_nothing(broken: str, project: str) -> None:
    Path(broken).write_text("<<<<<<< HEAD")
    Path(ledger("measure")).unlink()
    seal("measure", plan()["measure"])


def test_other_bytes_are_accepted_once_the_records_are_taken_back_in_a_commit(project: str) -> None:
    launder(TABLE)
    Path("dvc.lock").unlink(missing_ok=True)
    if project == "committed":
        commit("This machine gives other bytes")
    seal("measure", plan()["measure"])
    assert read_ledger(Path(ledger("measure"))).digests[TABLE] == digest(Path(TABLE))
