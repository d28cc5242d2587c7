"""Receipts of audits: kept under names that are free, read back, the last one wins, damaged ones refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from nominima.ground.files import Refusal
from nominima.tracing.receipt import (
    FOLDER,
    Claim,
    Predicate,
    Receipt,
    Replicated,
    keep,
    last_word,
    receipt,
    receipts,
)  # fmt: skip


def made(date: str, grade: str, **files: str) -> Receipt:
    predicate = Predicate(
        command="nominima audit all", date=date, commit="c" * 40, made_from="runs", grade=grade, counts={grade: 1},
        seconds=1.0, environment={}, other_environment=[], other_source=[],
        jobs={"judge a": dict.fromkeys(files, grade)}, begins={},
    )  # fmt: skip
    return receipt(files, predicate)


def test_a_receipt_is_an_in_toto_statement_and_comes_back(tmp_path: Path) -> None:
    told = made("2026-01-02", "bitwise", verdict="ab12")
    path = keep(told, "reports/verdicts/c1a.json", tmp_path)
    assert path == tmp_path / FOLDER / "2026-01-02-c1a.json.json"
    tree = json.loads(path.read_text())
    assert tree["_type"] == "https://in-toto.io/Statement/v1"
    assert tree["subject"] == [{"name": "verdict", "digest": {"sha256": "ab12"}}]
    assert tree["predicateType"].startswith("urn:")
    assert receipts(tmp_path) == {path.name: told}


def test_only_what_it_tells_of_is_its_subject(tmp_path: Path) -> None:
    told = made("2026-01-02", "different", verdict="ab12", lost="")
    assert told.files == {"verdict": "ab12"}, "a Statement has no subject without a digest"
    assert told.predicate.word("lost") == "different"
    path = keep(told, "all", tmp_path)
    path.write_text(path.read_text().replace('"name": "verdict"', '"name": "another"'))
    with pytest.raises(Refusal, match="its predicate says nothing of another"):
        receipts(tmp_path)


def test_no_receipt_takes_the_place_of_another(tmp_path: Path) -> None:
    names = [keep(made("2026-01-02", "bitwise", verdict="ab"), "all", tmp_path).name for _ in range(3)]
    assert names == ["2026-01-02-all.json", "2026-01-02-all-2.json", "2026-01-02-all-3.json"]


def test_receipts_of_one_moment_each_have_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All have found the same name free before one of them takes it."""
    audits, linked = [made("2026-01-02", "bitwise", verdict=str(at)) for at in range(8)], Path.hardlink_to
    together = Barrier(len(audits))

    def late(place: Path, whole: Path) -> None:
        if place.name == "2026-01-02-all.json":
            together.wait(10)
        linked(place, whole)

    monkeypatch.setattr(Path, "hardlink_to", late)
    with ThreadPoolExecutor(len(audits)) as pool:
        places = list(pool.map(lambda its: keep(its, "all", tmp_path), audits))
    assert len(set(places)) == len(audits)
    assert [receipts(tmp_path)[place.name] for place in places] == audits
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == sorted(place.name for place in places)


def replicated(date: str, **files: str) -> Receipt:
    found = Claim(grade="different words", recorded="supported", replicated="mixed", why="", cells=3, same=2,
                  compared=3, overlapping=3, flipped=[], differs=[], files=sorted(files))  # fmt: skip
    its = Replicated(
        command="nominima audit c --seeds 1000", date=date, commit="c" * 40, grade="different words",
        counts={"different words": 1}, seconds=1.0, environment={}, other_environment=[], other_source=[],
        first_seed=1000, instead_of=100, claims={"c": found},
    )  # fmt: skip
    return receipt(files, its)


def test_a_replication_hides_no_audit_and_no_audit_a_replication(tmp_path: Path) -> None:
    keep(replicated("2026-02-02", verdict="ab"), "c", tmp_path)
    keep(made("2026-01-02", "bitwise", verdict="ab"), "c", tmp_path)
    keep(made("2026-03-02", "rounding", verdict="ab"), "c", tmp_path)
    assert sorted(last_word(tmp_path, {"verdict": "ab"}, "ab").split("; ")) == [
        f"2026-02-02 with seeds from 1000: supported, now mixed ({FOLDER}/2026-02-02-c.json)",
        f"2026-03-02 from runs: rounding ({FOLDER}/2026-03-02-c.json)",
    ]


def test_a_receipt_of_one_kind_is_not_taken_for_the_other(tmp_path: Path) -> None:
    path = keep(replicated("2026-01-02", verdict="ab"), "c", tmp_path)
    assert json.loads(path.read_text())["predicateType"] == "urn:nominima:replication:v1"
    path.write_text(path.read_text().replace("replication:v1", "audit:v1"))
    with pytest.raises(Refusal, match=r"2026-01-02-c\.json: not a receipt"):
        receipts(tmp_path)


@pytest.mark.parametrize("what", ["../../etc/passwd", "a b/ü.png", "..", "-"])
def test_a_receipt_lies_in_its_folder_whatever_was_asked(tmp_path: Path, what: str) -> None:
    path = keep(made("2026-01-02", "bitwise", verdict="ab"), what, tmp_path)
    assert path.resolve().parent == (tmp_path / FOLDER).resolve()
    assert path.name.isascii()


def test_the_last_word_on_a_file_is_that_of_its_content(tmp_path: Path) -> None:
    keep(made("2026-02-02", "different", verdict="ab"), "later", tmp_path)
    keep(made("2026-01-02", "bitwise", verdict="ab"), "z-earlier", tmp_path)
    keep(made("2026-03-02", "rounding", verdict="cd"), "other", tmp_path)
    assert (
        last_word(tmp_path, {"verdict": "ab"}, "ab")
        == f"2026-02-02 from runs: different ({FOLDER}/2026-02-02-later.json)"
    )
    assert last_word(tmp_path, {"verdict": "ef"}, "ef") == ""
    assert last_word(tmp_path / "empty", {"verdict": "ab"}, None) == ""


def test_a_damaged_receipt_is_named(tmp_path: Path) -> None:
    path = keep(made("2026-01-02", "bitwise", verdict="ab"), "all", tmp_path)
    path.write_text(path.read_text().replace("in-toto.io", "example.org"))
    with pytest.raises(Refusal, match=r"2026-01-02-all\.json: not a receipt"):
        receipts(tmp_path)
