"""A small project with a commit, to be walked and asked."""

import os
import shutil
from pathlib import Path

import pytest
from by_dvc import make

from chain import build, commit, git, plan


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("committed"))
        git("init", "--quiet", "--initial-branch", "main")
        build(plan())
        commit("Run it")
        return Path.cwd()


@pytest.fixture
def project(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to work in."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.chdir(shutil.copytree(committed, tmp_path / "project"))
    return Path.cwd()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, recorded as DVC does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("recorded"))
        git("init", "--quiet")
        make()
        return Path.cwd()
