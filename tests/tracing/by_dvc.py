"""A small project as DVC records it: dvc.lock, a tracked raw file and the cache, written by hand."""

import hashlib
import json
from pathlib import Path

from ruamel.yaml import YAML

from chain import build, commit, plan
from nominima.ground.places import MADE_BY, VERBS, ledger

RAW = "data/raw/scan.idx"


def make() -> None:
    build(plan())
    Path(".snakemake/metadata").mkdir(parents=True)
    Path(".snakemake/metadata/a").write_text("{}")
    record()
    commit("Run it")


def record() -> None:
    """Write dvc.lock and the cache, and track a raw file."""
    folders = [name.rstrip("/") for name in MADE_BY if Path(name).exists()]
    outs = [*folders, *map(ledger, VERBS), ".snakemake/metadata"]
    stage = {"cmd": "x", "outs": [out(name) for name in outs]}
    YAML().dump({"schema": "2.0", "stages": {"all": stage}}, Path("dvc.lock"))
    Path(RAW).parent.mkdir(parents=True, exist_ok=True)
    Path(RAW).write_bytes(b"raw")
    YAML().dump({"outs": [out(RAW) | {"path": "scan.idx"}]}, Path(f"{RAW}.dvc"))


def out(path: str) -> dict[str, str]:
    if Path(path).is_file():
        return {"path": path, "md5": cached(Path(path).read_bytes())}
    files = sorted(file for file in Path(path).rglob("*") if file.is_file())
    listing = [{"md5": cached(file.read_bytes()), "relpath": file.relative_to(path).as_posix()} for file in files]
    listing.sort(key=lambda entry: entry["relpath"])
    return {"path": path, "md5": cached(json.dumps(listing, sort_keys=True).encode(), ".dir")}


def cached(content: bytes, suffix: str = "") -> str:
    md5 = hashlib.md5(content).hexdigest() + suffix
    path = Path(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return md5
