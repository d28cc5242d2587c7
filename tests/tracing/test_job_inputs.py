"""A job takes nothing that changed under it: neither source nor an input that somebody edited."""

from pathlib import Path

import pytest

from chain import CLAIM, ENVIRONMENT, build, plan, write
from nominima.ground.files import Refusal, digest
from nominima.ground.places import ledger
from nominima.planning import digests
from nominima.tracing import job
from nominima.tracing.artefact import read_trace

TABLE = Path("data/measures/runs/width/w4/norms.parquet")
VERDICT = Path(f"reports/verdicts/{CLAIM}.json")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small plan, made and sealed."""
    monkeypatch.chdir(tmp_path)
    job._sealed.cache_clear()
    build(plan())


def judge(*inputs: Path, code: str | None = None) -> job.Work:
    code = digests.code("verbs.judge:judge") if code is None else code
    return job.Work(verb="judge", spec={"claim": CLAIM}, code=code, inputs=list(inputs), outputs=[VERDICT])


def rewrite(**changes: object) -> None:
    trace = read_trace(TABLE)
    assert trace is not None
    write(TABLE, trace.model_copy(update=changes), value=8)


def test_the_trace_names_what_was_read() -> None:
    raw = Path("data/raw/scan")
    raw.parent.mkdir()
    raw.write_text("1")
    read = [TABLE, raw, Path(ledger("measure"))]
    assert judge(*read).trace.inputs == {str(path): digest(path) for path in read}


def test_an_input_edited_by_hand_is_refused() -> None:
    rewrite()
    with pytest.raises(Refusal, match=f"{TABLE}: edited by hand, .* delete it, then"):
        _ = judge(TABLE).trace


def test_an_input_without_a_trace_is_refused() -> None:
    TABLE.write_text("{}")
    with pytest.raises(Refusal, match="edited by hand"):
        _ = judge(TABLE).trace


def test_an_input_that_was_made_again_is_taken() -> None:
    rewrite(environment=ENVIRONMENT | {"torch": "2.14.0"})
    assert judge(TABLE).trace.inputs == {str(TABLE): digest(TABLE)}


def test_an_input_that_no_ledger_names_yet_is_taken() -> None:
    Path(ledger("measure")).unlink()
    rewrite()
    assert judge(TABLE).trace.inputs == {str(TABLE): digest(TABLE)}


def test_source_that_changed_since_the_start_is_refused() -> None:
    roots = digests.code("verbs.judge:judge").partition("@")[0]
    with pytest.raises(Refusal, match="the source changed while the workflow ran"):
        _ = judge(TABLE, code=f"{roots}@{'0' * 32}").trace
