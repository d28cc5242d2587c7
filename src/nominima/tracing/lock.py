"""What DVC recorded, against what is here: dvc.lock and *.dvc files value by value, cache objects by their names."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML, YAMLError

from nominima.ground.files import Refusal
from nominima.ground.texts import canonical
from nominima.tracing import store

FIELDS = {"path", "hash", "md5", "size", "nfiles"}
STAGE = {"cmd", "deps", "params", "outs"}
MEND = "`git checkout -- {}` takes back the record; `dvc repro` records what is here"


class Finding(NamedTuple):
    """Something that is not as recorded, and what mends it."""

    path: str
    expected: str
    found: str
    remedy: str


class Hashes(NamedTuple):
    """Digests and size of one file, from one reading."""

    sha256: str
    md5: str
    size: int


class Record(NamedTuple):
    """What dvc.lock or a *.dvc file says of a file or of a folder, whose MD5 ends in `.dir`."""

    source: str
    path: str
    made: bool
    facts: tuple[tuple[str, Any], ...]


def records(root: Path) -> tuple[list[Record], list[Finding]]:
    """All that DVC recorded below `root`, each once, and what is wrong with its files themselves."""
    found: dict[Record, None] = {}
    findings: list[Finding] = []
    for file in [root / "dvc.lock", *sorted((root / "data").rglob("*.dvc"))]:
        if file.is_file():
            name = file.relative_to(root).as_posix()
            try:
                tree = _yaml(file)
                found |= dict.fromkeys(_records(root, file, tree))
                findings += _stages(root, tree) if name == "dvc.lock" else ()
            except (YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError, ValueError, OSError) as error:
                findings.append(Finding(name, "a file that DVC wrote", _first_line(error), f"`git checkout -- {name}`"))
    return list(found), findings


def _yaml(file: Path) -> Any:
    return YAML(typ="safe", pure=True).load(file.read_bytes())


def _records(root: Path, file: Path, tree: Any) -> Iterator[Record]:
    locked = file.name == "dvc.lock"
    if not locked and "outs" not in tree:
        raise ValueError("no outs")
    for stage in tree["stages"].values() if locked else [tree]:
        unknown = sorted({*stage} - STAGE | {*stage.get("params", ())} - {"params.yaml"}) if locked else []
        if unknown:
            raise ValueError(f"a stage with {', '.join(unknown)}")
        for kind in ("deps", "outs"):
            for entry in stage.get(kind, []):
                if locked and not entry.keys() <= FIELDS:
                    raise ValueError(f"an entry with {', '.join(sorted(entry.keys() - FIELDS))}")
                place = Path(os.path.normpath(file.parent / entry["path"])).relative_to(root).as_posix()
                facts = [
                    ("md5", entry["md5"]),
                    *((key, entry[key]) for key in ("hash", "size", "nfiles") if key in entry),
                ]
                yield Record(file.relative_to(root).as_posix(), place, kind == "outs", tuple(facts))


def _stages(root: Path, tree: Any) -> Iterator[Finding]:
    """Commands and params that dvc.lock tells otherwise than dvc.yaml and params.yaml."""
    if tree.keys() != {"schema", "stages"} or tree["schema"] != "2.0":
        yield Finding("dvc.lock", "schema 2.0 and stages", canonical({**tree, "stages": "…"}), MEND.format("dvc.lock"))
    asked = {file: _yaml(root / file) for file in ("dvc.yaml", "params.yaml") if (root / file).is_file()}
    stages = asked.get("dvc.yaml", {}).get("stages", {})
    for name, stage in tree["stages"].items():
        if stages and name not in stages:
            yield Finding("dvc.lock", f"the stages {', '.join(stages)}", name, MEND.format("dvc.lock"))
        elif stages and stage["cmd"] != stages[name]["cmd"]:
            yield Finding("dvc.lock", f"{name}: {stages[name]['cmd']}", stage["cmd"], MEND.format("dvc.lock"))
    other: dict[str, list[str]] = {}
    for name, stage in tree["stages"].items():
        for key, value in stage.get("params", {}).get("params.yaml", {}).items():
            if asked.get("params.yaml", {}).get(key) != value:
                other.setdefault(key, []).append(name)
    for key, names in other.items():
        yield Finding("dvc.lock", f"{key} of params.yaml", f"another for {', '.join(names)}", MEND.format("dvc.lock"))


def against_records(root: Path, told: Iterable[Record], read: dict[str, Hashes], named: set[str]) -> Iterator[Finding]:
    """What differs from DVC's records; a folder of which a file was named already is not named again."""
    for record in told:
        if not (root / record.path).exists():
            continue
        files = [file for file in below(root, record.path) if file in read]
        if record.path in named or any(file in named for file in files):
            continue
        here = _facts(root, record.path, files, read)
        other = [(name, value) for name, value in record.facts if here.get(name) != value]
        if other:
            (name, value), *_ = other
            yield Finding(
                path=record.path,
                expected=f"{name} {value} ({record.source})",
                found=f"{name} {here.get(name)}",
                remedy="`dvc repro` records what is here, `dvc checkout --force` takes back what was recorded; "
                f"if nobody edited it, the record is damaged: `git checkout -- {record.source}`",
            )


def _facts(root: Path, path: str, files: list[str], read: dict[str, Hashes]) -> dict[str, Any]:
    """What DVC would record of a path."""
    size = sum(read[file].size for file in files)
    if (root / path).is_file():
        return {"hash": "md5", "md5": read[path].md5, "size": size}
    return {"hash": "md5", "md5": _md5_of_folder(path, files, read), "size": size, "nfiles": len(files)}


def _md5_of_folder(path: str, files: list[str], read: dict[str, Hashes]) -> str:
    """DVC's MD5 of a folder: that of the sorted list of its files with theirs."""
    listing = [{"md5": read[file].md5, "relpath": file.removeprefix(f"{path}/")} for file in files]
    text = json.dumps(sorted(listing, key=lambda entry: entry["relpath"]), sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def cached(root: Path) -> tuple[dict[str, str], list[Finding]]:
    """Path of every object in DVC's cache, wherever a config of DVC puts it → the MD5 that is its name."""
    try:
        objects = store.objects(root)
    except Refusal as refusal:
        remedy = "mend it, or `git checkout -- .dvc/config`"
        return {}, [Finding(".dvc/config", "a file that DVC can read", str(refusal), remedy)]
    files = [path for path in objects.glob("??/*") if path.is_file()]
    return {named(root, path): path.parent.name + path.name.removesuffix(".dir") for path in files}, []


def against_names(objects: dict[str, str], read: dict[str, Hashes]) -> Iterator[Finding]:
    """Cache objects whose content is not what their name says."""
    remedy = "`rm -f` it; `dvc repro --force` stores the working tree's sound files again without any job"
    for path, expected in sorted(objects.items()):
        if path in read and read[path].md5 != expected:
            yield Finding(path, f"{expected} (its MD5 is its name)", read[path].md5, remedy)


def below(root: Path, path: str) -> list[str]:
    """The files at or below a path, without what .dvcignore leaves out."""
    top = root / path
    if top.is_file():
        return [path]
    found = [named(root, Path(at, name)) for at, _, names in os.walk(top) for name in names]
    ignored = _ignored(root)
    return [name for name in found if not any(fnmatch(part, each) for part in name.split("/") for each in ignored)]


@cache
def _ignored(root: Path) -> list[str]:
    """Patterns of names in .dvcignore."""
    file = root / ".dvcignore"
    lines = file.read_text(errors="replace").splitlines() if file.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def named(root: Path, path: Path) -> str:
    """A path as it is shown: from the root where it lies below it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
