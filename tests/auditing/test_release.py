"""A release: what a commit records in one archive, which describes itself and holds together."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import chain
from nominima.auditing.release import release
from nominima.ground.files import Refusal
from nominima.tracing.receipt import Predicate, keep, receipt

PAGE, FIGURE = "reports/index.html", f"reports/figures/{chain.CLAIM}.svg"
CITED = """
cff-version: 1.2.0
title: A trial
version: 1.2.0
license: MIT
authors:
  - {family-names: Berg, given-names: Ada, orcid: "https://orcid.org/0000-0002-1825-0097"}
  - {name: The maintainers}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project that is recorded, committed and audited."""
    monkeypatch.chdir(tmp_path)
    chain.git("init", "--quiet")
    chain.build(chain.plan())
    (tmp_path / "CITATION.cff").write_text(CITED)
    (tmp_path / "Snakefile").write_text("")
    (tmp_path / "requirements.lock").write_text("rich==15.0.0\nsnakemake==9.27.1 \\\n    --hash=sha256:ab\n")
    (tmp_path / "run me").write_text("#!/bin/sh\n")
    (tmp_path / "run me").chmod(0o755)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/one.py").write_text("")
    audit(tmp_path, chain.commit("all"))
    return tmp_path


def audit(root: Path, commit: str, what: str = "all", grade: str = "bitwise", made_from: str = "data") -> Path:
    """Leave a receipt."""
    its = Predicate(command=f"nominima audit {what} --at {commit} --from data", date="2026-01-02", commit=commit,
                    grade=grade, counts={grade: 1}, seconds=1.5, environment={}, other_environment=[], other_source=[],
                    made_from=made_from, jobs={"report page": {PAGE: grade}}, begins={})  # fmt: skip
    return keep(receipt({PAGE: "ab" * 32}, its), what, root)


def graph(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    tree = json.loads(archive.read("ro-crate-metadata.json"))
    assert tree["@context"] == "https://w3id.org/ro/crate/1.2/context"
    return {each["@id"]: each for each in tree["@graph"]}


def test_an_archive_holds_what_the_commit_records_and_describes_it(root: Path) -> None:
    made = release(root)
    assert made.path.name == f"nominima-1.2.0-{made.commit.id[:7]}.zip"
    with zipfile.ZipFile(made.path) as archive:
        inside, told = set(archive.namelist()), graph(archive)
        assert made.files == len([path for path in inside if not path.endswith("/")])
        assert {PAGE, FIGURE, "src/one.py", "reports/ledger/train.json", "reports/audits/2026-01-02-all.json"} <= inside
        assert not [path for path in inside if path.startswith("data/")], "trained networks are left out"
        assert archive.getinfo("run me").external_attr >> 16 == 0o100755
        assert archive.getinfo(PAGE).external_attr >> 16 == 0o100644
        files = {name: each for name, each in told.items() if "File" in each["@type"]}
        for name, each in files.items():
            content = archive.read(unquote(name))
            assert each["sha256"] == hashlib.sha256(content).hexdigest()
            assert each["contentSize"] == str(len(content))
    top = told["./"]
    parts = {part["@id"] for part in top["hasPart"]}
    assert files.keys() < parts <= told.keys()
    assert "src/" in parts
    described = {unquote(part) for part in parts}
    assert {path for path in inside - described if not path.startswith("src/")} == {"ro-crate-metadata.json"}
    assert described <= inside, "what is named is there, folders included"
    assert told["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert top["license"] == {"@id": "https://spdx.org/licenses/MIT"}
    assert [told[each["@id"]]["name"] for each in top["author"]] == ["Ada Berg", "The maintainers"]
    assert told["https://orcid.org/0000-0002-1825-0097"]["@type"] == "Person"
    assert told[top["mainEntity"]["@id"]]["programmingLanguage"] == {"@id": "https://snakemake.github.io"}
    assert told["https://snakemake.github.io"]["version"] == "9.27.1"
    assert top["version"] == f"1.2.0 ({made.commit.id[:7]})"


def test_the_same_commit_gives_the_same_bytes_and_overrules_no_umask(root: Path, tmp_path: Path) -> None:
    first = release(root).path.read_bytes()
    chain.git("config", "tar.umask", "0077")
    (root / "unrelated").write_text("not committed")
    (root / "CITATION.cff").write_text(CITED.replace("A trial", "Not committed"))
    assert release(root, tmp_path / "again.zip").path.read_bytes() == first


def test_what_is_not_recorded_or_not_audited_is_not_released(root: Path) -> None:
    page = (root / PAGE).read_bytes()
    (root / PAGE).write_bytes(page + b" ")
    with pytest.raises(Refusal, match=r"reports/index.html: not what reports/ledger/report.json of commit"):
        release(root)
    (root / PAGE).unlink()
    with pytest.raises(Refusal, match=r"is not here; `dvc checkout reports/index.html` brings it"):
        release(root)
    (root / PAGE).write_bytes(page)
    (root / FIGURE).write_text("<svg/>")
    other = chain.commit("another figure")
    with pytest.raises(Refusal, match=r"no receipt of `nominima audit all` of commit"):
        release(root)
    audit(root, other, what=chain.CLAIM)
    with pytest.raises(Refusal, match=r"no receipt of `nominima audit all` of commit"):
        release(root)
    few = audit(root, other, made_from="spot")
    with pytest.raises(Refusal, match=r"no receipt of `nominima audit all` of commit"):
        release(root)
    few.unlink()
    found = audit(root, other, grade="different")
    with pytest.raises(Refusal, match=f"{found.name}: found different"):
        release(root)
    found.unlink()
    audit(root, other)
    with pytest.raises(Refusal, match=f"{FIGURE}: not what reports/ledger/report.json of commit"):
        release(root)
    (root / FIGURE).unlink()
    audit(root, chain.commit("no figure"))
    with pytest.raises(Refusal, match=f"{FIGURE}: not what reports/ledger/report.json of commit"):
        release(root)
