"""The manifest of a CODECHECK certificate: valid by its specification once a person has filled in what is empty."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from nominima.auditing.codecheck import certificate
from nominima.ground.files import Refusal
from nominima.tracing.receipt import Claim, Predicate, Receipt, Replicated, receipt

TEXT = {"type": "string", "minLength": 1}
PEOPLE = {
    "type": "array", "minItems": 1,
    "items": {"type": "object", "required": ["name"],
              "properties": {"name": TEXT, "ORCID": {"type": "string", "pattern": r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"}}},
}  # fmt: skip
FILES = {
    "type": "array", "minItems": 1,
    "items": {"type": "object", "required": ["file"],
              "properties": {"file": TEXT | {"pattern": "^[^/~]"}, "comment": TEXT}},
}  # fmt: skip
SPECIFICATION = {  # 1.0: what it says MUST be, and the types of the rest
    "type": "object",
    "required": ["manifest", "codechecker", "report"],
    "properties": {
        "version": {"const": "https://codecheck.org.uk/spec/config/1.0/"},
        "manifest": FILES,
        "paper": {"type": "object", "properties": {"title": TEXT, "authors": PEOPLE, "reference": TEXT}},
        "source": TEXT,
        "codechecker": PEOPLE,
        "report": TEXT,
        "summary": TEXT,
        "repository": TEXT,
        "check_time": TEXT,
        "certificate": {"type": "string", "pattern": r"^\d{4}-\d{3}$"},
    },
}
FIGURE, VERDICT, TABLE = "reports/figures/c1a.png", "reports/verdicts/c1a.json", "data/measures/theory/norms.parquet"
SHARED: dict[str, Any] = {
    "command": "nominima audit c1a --at cccc --from data", "date": "2026-01-02", "commit": "c" * 40, "seconds": 12.3,
    "environment": {}, "other_environment": [], "other_source": [],
}  # fmt: skip
CITED = """
cff-version: 1.2.0
title: "A trial: of an essay"
authors:
  - {given-names: Ada, name-particle: van, family-names: Berg, orcid: "https://orcid.org/0000-0002-1825-0097"}
  - {name: The maintainers}
"""


def audit(**grades: str) -> Receipt:
    files = {FIGURE: "bitwise", VERDICT: "same verdict", TABLE: "bitwise"} | grades
    its = Predicate(**SHARED, grade="same verdict", counts={"same verdict": 1, "bitwise": 2}, made_from="data",
                    jobs={"all": files}, begins={})  # fmt: skip
    return receipt(dict.fromkeys(files, "ab" * 32), its)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "CITATION.cff").write_text(CITED)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def made(root: Path, its: Receipt) -> tuple[dict[str, Any], str, list[str], Path]:
    at = root / "reports/audits/2026-01-02-c1a.json"
    path, empty = certificate(its, at, root)
    assert path == root / "reports/audits/2026-01-02-c1a/codecheck.yml"
    text = path.read_text()
    assert text.startswith("%YAML 1.1\n---\n")
    return YAML(typ="safe", pure=True).load(text), text, empty, path


def wrong(told: dict[str, Any]) -> set[str]:
    return {".".join(map(str, mistake.absolute_path)) for mistake in
            Draft202012Validator(SPECIFICATION).iter_errors(told)}  # fmt: skip


def filled(told: dict[str, Any]) -> dict[str, Any]:
    paper = told["paper"] | {"reference": "https://doi.org/10.1/1"}
    return told | {"codechecker": [{"name": "Ada", "ORCID": "0000-0002-1825-0097"}], "paper": paper,
                   "report": "https://doi.org/10.5281/zenodo.1", "repository": "https://example.org/it"}  # fmt: skip


def test_it_is_valid_when_a_person_has_filled_in_what_is_named_and_empty(root: Path) -> None:
    told, text, empty, _ = made(root, audit())
    assert wrong(told) == {"codechecker.0.name", "report", "repository", "paper.reference"}
    assert empty == ["paper.reference", "codechecker", "report", "repository"]
    assert wrong(filled(told)) == set()
    assert "# who checked" in text
    assert "certificate" not in told
    assert "# certificate: YYYY-NNN" in text


def test_it_tells_what_the_receipt_does(root: Path) -> None:
    told, _, _, path = made(root, audit())
    assert told["manifest"] == [
        {"file": "../../figures/c1a.png", "comment": "from data: bitwise"},
        {"file": "../../verdicts/c1a.json", "comment": "from data: same verdict"},
    ]
    assert {(path.parent / each["file"]).resolve() for each in told["manifest"]} == {root / FIGURE, root / VERDICT}
    assert told["paper"] == {
        "title": "A trial: of an essay",
        "authors": [{"name": "Ada van Berg", "ORCID": "0000-0002-1825-0097"}, {"name": "The maintainers"}],
        "reference": "",
    }
    assert told["source"] == f"commit {'c' * 40} of the repository"
    assert told["check_time"] == "2026-01-02"
    assert "same verdict (1), bitwise (2)" in told["summary"]
    assert "reports/audits/2026-01-02-c1a.json" in told["summary"]


def test_a_replication_has_one_too(root: Path) -> None:
    of = Claim(grade="different words", recorded="supported", replicated="mixed", why="", cells=2, same=1, compared=2,
               overlapping=2, flipped=[], differs=[], files=[VERDICT])  # fmt: skip
    none = of.model_copy(update={"grade": "not replicated", "replicated": "–", "files": [FIGURE]})
    its = Replicated(**SHARED, grade="different words", counts={"different words": 1}, first_seed=1000, instead_of=100,
                     claims={"c1a": of, "c1b": none})  # fmt: skip
    told, _, _, _ = made(root, receipt({VERDICT: "ab" * 32, FIGURE: "ab" * 32}, its))
    assert wrong(filled(told)) == set()
    assert [each["file"] for each in told["manifest"]] == ["../../verdicts/c1a.json"]
    assert told["manifest"][0]["comment"] == ("with seeds from 1000: supported, now mixed")


def test_what_was_not_made_again_is_not_listed_and_tables_are_where_there_is_nothing_else(root: Path) -> None:
    told, _, _, _ = made(root, audit(**{FIGURE: "not recomputed"}))
    assert [each["file"] for each in told["manifest"]] == ["../../verdicts/c1a.json"]
    told, _, _, _ = made(root, audit(**{FIGURE: "not recomputed", VERDICT: "not recomputed"}))
    assert [each["file"] for each in told["manifest"]] == ["../../../data/measures/theory/norms.parquet"]


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://user:secret@example.org/them/it.git", "https://example.org/them/it.git"),
        ("git@example.org:them/it.git", ""),
        ("/home/them/it", ""),
    ],
)
def test_the_repository_is_an_address_for_all_and_no_password(root: Path, remote: str, expected: str) -> None:
    subprocess.run(["git", "remote", "add", "origin", remote], cwd=root, check=True)
    told, text, empty, _ = made(root, audit())
    assert told["repository"] == expected
    assert ("repository" in empty) == (expected == "")
    assert "secret" not in text
    assert told["source"].endswith(expected or "the repository")


def test_the_paper_is_what_is_preferred_to_be_cited(root: Path) -> None:
    more = (
        "preferred-citation: {title: It, authors: [{name: A}], doi: 10.1/2}\nrepository-code: https://example.org/c\n"
    )
    (root / "CITATION.cff").write_text(CITED + more)
    told, _, empty, _ = made(root, audit())
    assert told["paper"] == {"title": "It", "authors": [{"name": "A"}], "reference": "https://doi.org/10.1/2"}
    assert told["repository"] == "https://example.org/c"
    assert empty == ["codechecker", "report"]


def test_without_a_citation_the_paper_is_empty_and_a_damaged_one_is_refused(root: Path) -> None:
    (root / "CITATION.cff").write_text("title: [1]\n")
    with pytest.raises(Refusal, match=r"CITATION\.cff: title: "):
        made(root, audit())
    (root / "CITATION.cff").unlink()
    told, _, empty, _ = made(root, audit())
    assert told["paper"] == {"title": "", "authors": [{"name": ""}], "reference": ""}
    assert empty[:2] == ["paper.title", "paper.reference"]
