"""Where the bytes of a recorded file are kept: in Git, in DVC's cache, or nowhere on this machine."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

from dvc.config import Config, ConfigError
from ruamel.yaml import YAML, YAMLError

from nominima.ground.files import Refusal, digest
from nominima.tracing import repository

LARGEST = 64 * 2**20  # bytes of a file that is read out of Git
Kept = Literal["git", "cache", "gone"]


def cache(root: Path) -> Path:
    """The folder of DVC's cache objects, wherever the project's, the user's or the machine's configuration has it.

    Raises:
        Refusal: a configuration file is damaged.
    """
    try:
        folder = Config(str(root / ".dvc"))["cache"].get("dir")
    except ConfigError as error:
        told = " ".join(str(error).split())
        raise Refusal(f"{root / '.dvc/config'}: {told}; mend it, or `git checkout -- .dvc/config`") from None
    return Path(folder or root / ".dvc/cache") / "files/md5"


def kept(root: Path, commit: str, path: str, made: str) -> Kept:
    """Where a file that a commit recorded still has its bytes, whose SHA-256 is `made`."""
    try:
        stored = repository.contents(root, list(repository.blobs(root, commit, path).values()), LARGEST)
        if any(hashlib.sha256(content).hexdigest() == made for content in stored):
            return "git"
        objects = cache(root)
        names = _names(root, commit, path, objects)
        return "cache" if any(digest(_object(objects, name)) == made for name in names) else "gone"
    except Refusal:
        return "gone"


def _names(root: Path, commit: str, path: str, objects: Path) -> list[str]:
    """MD5 of a file by the commit's dvc.lock, and by the listing of its folder in the cache."""
    stored = repository.contents(root, list(repository.blobs(root, commit, "dvc.lock").values()), LARGEST)
    try:
        lock = YAML(typ="safe", pure=True).load(stored[0]) if stored else {}
        outs: list[dict[str, Any]] = [out for stage in lock.get("stages", {}).values() for out in stage.get("outs", [])]
        names = [out["md5"] for out in outs if out["path"] == path]
        for out in outs:
            if path.startswith(f"{out['path']}/"):
                listing = json.loads(_object(objects, out["md5"]).read_bytes())
                names += [each["md5"] for each in listing if f"{out['path']}/{each['relpath']}" == path]
    except (YAMLError, OSError, ValueError, LookupError, TypeError, AttributeError):
        return []
    return names


def _object(objects: Path, name: str) -> Path:
    return objects / name[:2] / name[2:]
