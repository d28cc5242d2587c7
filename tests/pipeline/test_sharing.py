"""Results in other hands: pushed to a shelf and pulled by a colleague, and packed into an archive to publish."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project, tell_verdicts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
WHOLE = "everything is here and as recorded"


def test_a_clone_has_all_results_after_a_pull_and_a_damaged_shelf_is_noticed(
    project: Project, clone: Callable[[Project], Project]
) -> None:
    shelf = project.root.parent / "shelf"
    project.run("dvc", "remote", "add", "-d", "shelf", str(shelf))
    project.run("dvc", "push")
    project.commit()
    theirs = clone(project)
    assert WHOLE not in theirs.run("nominima", "verify", check=False)
    theirs.run("dvc", "pull")
    assert WHOLE in theirs.run("nominima", "verify")

    network = theirs.root / "data/runs/single/base/parameters.safetensors"
    content = network.read_bytes()
    (stored,) = [path for path in shelf.glob("files/md5/*/*") if path.read_bytes() == content]
    stored.chmod(0o644)
    stored.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    theirs.run("rm", "-rf", ".dvc/cache", str(network))
    theirs.run("dvc", "pull", check=False)
    assert WHOLE not in theirs.run("nominima", "verify", check=False)


def test_a_release_is_a_project_that_can_be_verified(project: Project, tmp_path: Path) -> None:
    tell_verdicts(project)
    project.run("nominima", "audit", "all", "--at", "HEAD", "--from", "verdicts")
    archive, theirs = tmp_path / "release.zip", Project(tmp_path / "theirs")
    assert "with reports/audits/" in project.run("nominima", "release", "--out", str(archive))
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(theirs.root)
    assert theirs.ledgers() == project.ledgers()
    theirs.run("git", "init", "-q")
    assert "what is here is as recorded" in theirs.run("nominima", "verify", check=False)
