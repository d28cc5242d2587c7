"""Receipts of audits: kept under names that are free, read back, the last one wins, damaged ones refused."""

import json
from pathlib import Path

import pytest

from nominima.ground.files import Refusal
from nominima.tracing.receipt import FOLDER, Predicate, Receipt, keep, last_word, receipt, receipts


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


def test_no_receipt_takes_the_place_of_another(tmp_path: Path) -> None:
    names = [keep(made("2026-01-02", "bitwise", verdict="ab"), "all", tmp_path).name for _ in range(3)]
    assert names == ["2026-01-02-all.json", "2026-01-02-all-2.json", "2026-01-02-all-3.json"]


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
