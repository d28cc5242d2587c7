"""A real project of the smallest scale, built once by the real tools; every test works on a copy of its own."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from project import Project, build, copy


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smoke project, rebuilt from nothing, recorded and committed. Workers share it."""
    shared = (
        tmp_path_factory.getbasetemp().parent
        if os.environ.get("PYTEST_XDIST_WORKER")
        else tmp_path_factory.getbasetemp()
    )
    root = shared / "built"
    with (shared / "built.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "dvc.lock").exists():
            shutil.rmtree(root, ignore_errors=True)
            build(root)
    return root


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Iterator[Project]:
    """A copy of the built project."""
    made = copy(built, tmp_path / "project")
    yield made
    shutil.rmtree(made.root)


@pytest.fixture
def clone(built: Path, tmp_path: Path) -> Callable[[Project], Project]:
    """Clone a project as a colleague would, with its DVC remote."""

    def cloned(source: Project) -> Project:
        target = tmp_path / "clone"
        source.run("git", "clone", "-q", str(source.root), str(target))
        return Project(target)

    return cloned
