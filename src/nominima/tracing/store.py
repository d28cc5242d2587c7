"""Where the bytes of a recorded file are kept: in Git, in DVC's cache, or nowhere on this machine."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from dvc.config import Config, ConfigError
from ruamel.yaml import YAML, YAMLError

from nominima.ground.files import Refusal, digest
from nominima.tracing import repository

LARGEST = 64 * 2**20  # bytes of a file that is read out of Git
Kept = Literal["git", "cache", "gone"]


def cache(root: Path) -> Path:
    """The folder of DVC's cache, wherever the project's, the user's or the machine's configuration has it.

    Raises:
        Refusal: a configuration file is damaged.
    """
    try:
        folder = Config(str(root / ".dvc"))["cache"].get("dir")
    except ConfigError as error:
        told = " ".join(str(error).split())
        raise Refusal(f"{root / '.dvc/config'}: {told}; mend it, or `git checkout -- .dvc/config`") from None
    return Path(folder or root / ".dvc/cache")


def objects(root: Path) -> Path:
    """The folder of the objects in it.

    Raises:
        Refusal: a configuration file is damaged.
    """
    return cache(root) / "files/md5"


def kept(root: Path, commit: str, path: str, made: str) -> Kept:
    """Where a file that a commit recorded still has its bytes, whose SHA-256 is `made`."""
    try:
        stored = repository.contents(root, list(repository.blobs(root, commit, path).values()), LARGEST)
        if any(hashlib.sha256(content).hexdigest() == made for content in stored):
            return "git"
        lock = repository.contents(root, list(repository.blobs(root, commit, "dvc.lock").values()), LARGEST)
        found = recorded(lock[0], objects(root)).get(path) if lock else None
        return "cache" if found and digest(found) == made else "gone"
    except Refusal:
        return "gone"


def recorded(lock: bytes, objects: Path) -> dict[str, Path]:
    """Path → cache object of every file that a dvc.lock lists, as far as `objects` hold the lists of its folders."""
    try:
        stages = YAML(typ="safe", pure=True).load(lock)["stages"].values()
        outs = [(str(out["path"]), str(out["md5"])) for stage in stages for out in stage.get("outs", [])]
    except (YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        return {}
    return {path: _object(objects, md5) for out, md5 in outs for path, md5 in _files(out, md5, objects)}


def _files(out: str, md5: str, objects: Path) -> list[tuple[str, str]]:
    if not md5.endswith(".dir"):
        return [(out, md5)]
    try:
        listing = json.loads(_object(objects, md5).read_bytes())
        return [(f"{out}/{each['relpath']}", str(each["md5"])) for each in listing]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _object(objects: Path, name: str) -> Path:
    return objects / name[:2] / name[2:]
