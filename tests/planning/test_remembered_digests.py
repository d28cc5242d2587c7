"""Digests are taken over from an earlier process of the very same files, and from no other."""

import json
import shutil
from pathlib import Path

import pytest

from nominima.planning import digests

ROOT = Path(__file__).parents[2]
ROOTS = ("verbs.seal", "claims.c1a_random_points:judge")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The package of a checkout of its own; whoever asks for a digest of it anew is found out."""
    for folder in ("src/nominima", "workflow"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    return tmp_path / "src/nominima"


def taken(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a later process says."""
    monkeypatch.setattr(digests, "_taken", {})
    monkeypatch.setattr(digests, "_digest", lambda _, roots: f"{'+'.join(roots)}@anew")
    digests.recall(source)
    return digests.code(*ROOTS, source=source)


def test_the_same_files_are_not_read_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = digests.code(*ROOTS, source=source)
    digests.keep(source)
    assert taken(source, monkeypatch) == first


@pytest.mark.parametrize(
    "file",
    ["src/nominima/claims/c1a_random_points.py", "src/nominima/planning/syntax.py", "src/nominima/verbs/page.html",
     "workflow/rules/judge.smk", "requirements.lock"],
)  # fmt: skip
def test_any_file_that_digests_rest_on_makes_them_taken_anew(
    source: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests.code(*ROOTS, source=source)
    digests.keep(source)
    with (source.parents[1] / file).open("a") as text:
        text.write("\n")
    assert taken(source, monkeypatch).endswith("@anew")


def test_a_memory_that_is_damaged_or_forged_is_not_believed(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = digests.code(*ROOTS, source=source)
    digests.keep(source)
    memory = source.parents[1] / digests.MEMORY
    whole = memory.read_text()
    for other in (whole[:-9], "", "[]", '{"of": 1}', whole.replace(first[-4:], "0000")):
        memory.write_text(other)
        assert taken(source, monkeypatch).endswith("@anew")
    assert json.loads(whole)["digests"] == [first]


def test_a_place_that_cannot_be_written_to_costs_time_only(source: Path) -> None:
    digests.code(*ROOTS, source=source)
    (source.parents[1] / ".snakemake").write_text("a file where a folder should be")
    digests.keep(source)
