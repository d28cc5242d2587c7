"""Digests are taken over from an earlier process of the very same files, and from no other."""

import json
import os
import shutil
from collections.abc import Callable
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


def kept(source: Path) -> str:
    """What a first process says and leaves."""
    digests.recall(source)
    first = digests.code(*ROOTS, source=source)
    digests.keep(source)
    return first


def test_the_same_files_are_not_read_again(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept(source)
    assert taken(source, monkeypatch) == first


def swap(one: Path, other: Path) -> None:
    texts = one.read_text(), other.read_text()
    other.write_text(texts[0])
    one.write_text(texts[1])


def append(file: Path) -> None:
    with file.open("a") as text:
        text.write("\n")


EDITS: dict[str, Callable[[Path], object]] = {
    "a claim": lambda top: append(top / "src/nominima/claims/c1a_random_points.py"),
    "what takes digests": lambda top: append(top / "src/nominima/planning/syntax.py"),
    "a template": lambda top: append(top / "src/nominima/verbs/page.html"),
    "any other file": lambda top: (top / "src/nominima/claims/notes.txt").write_text("x"),
    "a new module": lambda top: (top / "src/nominima/judging/new.py").write_text(""),
    "a module removed": lambda top: (top / "src/nominima/judging/holm.py").unlink(),
    "two modules exchanged": lambda top: swap(top / "src/nominima/models/cnn.py", top / "src/nominima/models/mlp.py"),
    "a rule": lambda top: append(top / "workflow/rules/judge.smk"),
    "another rule": lambda top: append(top / "workflow/rules/common.smk"),
    "a lock file": lambda top: append(top / "requirements.lock"),
    "another lock file": lambda top: (top / "requirements-torch.lock").write_text("torch==0\n"),
    "a folder behind a link": lambda top: (top / "src/nominima/linked").symlink_to(top / "workflow"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_after_any_edit_digests_are_taken_anew(source: Path, edit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(source)
    EDITS[edit](source.parents[1])
    assert taken(source, monkeypatch).endswith("@anew")


def test_what_was_taken_before_an_edit_is_not_kept_as_if_after_it(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests.recall(source)
    digests.code(*ROOTS, source=source)
    append(source / "judging/intervals.py")
    digests.keep(source)
    assert taken(source, monkeypatch).endswith("@anew")


def test_a_memory_that_is_damaged_or_forged_is_not_believed(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kept(source)
    memory = source.parents[1] / digests.MEMORY
    whole = memory.read_text()
    for other in (whole[:-9], "", "[]", '{"of": 1}', whole.replace(first[-4:], "0000")):
        memory.write_text(other)
        assert taken(source, monkeypatch).endswith("@anew")
    assert json.loads(whole)["digests"] == [first]


def test_a_place_that_cannot_be_written_to_costs_time_only(source: Path) -> None:
    (source.parents[1] / ".snakemake").write_text("a file where a folder should be")
    kept(source)


def test_a_name_that_is_no_text_costs_time_only(source: Path) -> None:
    os.close(os.open(os.fsencode(source) + b"/x\xff.txt", os.O_CREAT))
    kept(source)
    assert not (source.parents[1] / digests.MEMORY).exists()
