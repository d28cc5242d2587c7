"""Everything stored is hashed again: files against the ledgers, DVC's outs against dvc.lock, cache objects against
their names, ledgers against each other. DVC itself serves a damaged cache object without a word."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML, YAMLError

from nominima.ground.files import REMEDY, Refusal
from nominima.ground.places import MADE_BY, VERBS, ledger, owned
from nominima.tracing import history, repository, store
from nominima.tracing.ledger import Ledger, read_ledger

BLOCK = 2**20
BUILD = (
    "`make reproduce` builds them, `dvc pull` fetches them where a remote is set; "
    "they must then have the digests that reports/ledger tells of"
)


class Finding(NamedTuple):
    """Something that is not as recorded, and what mends it."""

    path: str
    expected: str
    found: str
    remedy: str


class Report(NamedTuple):
    """What was found: `missing` are recorded files that are not here; `notes` are no faults."""

    findings: list[Finding]
    missing: list[str]
    notes: list[str]
    files: int
    bytes: int


class Hashes(NamedTuple):
    """Digests and size of one file, from one reading."""

    sha256: str
    md5: str
    size: int


def verify(root: Path) -> Report:
    """Hash everything again that ledgers, dvc.lock and *.dvc files below `root` tell of, and DVC's cache.

    Raises:
        Refusal: there is neither a ledger nor a dvc.lock.
    """
    if not (root / history.LEDGERS).is_dir() and not (root / "dvc.lock").exists():
        raise Refusal(f"{root}: nothing is recorded here; `snakemake --cores all` and `dvc repro` make and record it")
    ledgers, findings = _ledgers(root)
    outs, damaged = _outs(root)
    cached = _cached(root)
    known = {path for told in ledgers.values() for path in told.digests} | set(map(ledger, ledgers))
    below = {file for path, _ in outs for file in _below(root, path)}
    made = {file for folder, verb in MADE_BY.items() for file in _below(root, folder.rstrip("/")) if owned(verb, file)}
    read = _hashed(root, known | below | made | set(cached))
    findings += damaged
    findings += [*_against_ledgers(ledgers, read), *_between_ledgers(ledgers, read)]
    named = {finding.path for finding in findings}
    findings += [finding for path, md5 in outs for finding in _against_lock(root, path, md5, read, named)]
    findings += _against_names(cached, read)
    findings += [_unknown(path) for path in sorted(made - known) if ledgers]
    missing = sorted(
        [path for path in known if path not in read] + [path for path, _ in outs if not (root / path).exists()]
    )
    return Report(findings, missing, _notes(root), len(read), sum(each.size for each in read.values()))


def _ledgers(root: Path) -> tuple[dict[str, Ledger], list[Finding]]:
    ledgers: dict[str, Ledger] = {}
    findings: list[Finding] = []
    for verb in VERBS:
        if (root / ledger(verb)).exists():
            try:
                ledgers[verb] = read_ledger(root / ledger(verb))
            except Refusal as refusal:
                findings.append(
                    Finding(ledger(verb), "a sound ledger", str(refusal), f"`git checkout -- {ledger(verb)}`")
                )
    return ledgers, findings


def _outs(root: Path) -> tuple[list[tuple[str, str]], list[Finding]]:
    """(path, md5) of every out in dvc.lock and in *.dvc files; md5 of a folder ends in `.dir`."""
    outs: list[tuple[str, str]] = []
    findings: list[Finding] = []
    for file in [root / "dvc.lock", *sorted((root / "data").rglob("*.dvc"))]:
        if not file.is_file():
            continue
        try:
            tree = YAML(typ="safe", pure=True).load(file.read_bytes())
            stages: Iterable[dict[str, Any]] = tree["stages"].values() if "stages" in tree else [tree]
            told = [out for stage in stages for out in stage.get("outs", [])]
            places = [Path(os.path.normpath(file.parent / out["path"])).relative_to(root) for out in told]
            outs += [(place.as_posix(), out["md5"]) for place, out in zip(places, told, strict=True)]
        except (YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            name = file.relative_to(root).as_posix()
            findings.append(Finding(name, "a file that DVC wrote", _first_line(error), f"`git checkout -- {name}`"))
    return outs, findings


def _cached(root: Path) -> dict[str, str]:
    """Path of every object in DVC's cache → the md5 that is its name."""
    return {
        _name(root, path): path.parent.name + path.name.removesuffix(".dir")
        for path in store.cache(root).glob("??/*")
        if path.is_file()
    }


def _below(root: Path, path: str) -> list[str]:
    """The files at or below a path, without what .dvcignore leaves out."""
    top = root / path
    if top.is_file():
        return [path]
    found = [_name(root, Path(at, name)) for at, _, names in os.walk(top) for name in names]
    ignored = _ignored(root)
    return [name for name in found if not any(fnmatch(part, each) for part in name.split("/") for each in ignored)]


@cache
def _ignored(root: Path) -> list[str]:
    """Patterns of names in .dvcignore."""
    file = root / ".dvcignore"
    lines = file.read_text(errors="replace").splitlines() if file.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _hashed(root: Path, paths: Iterable[str]) -> dict[str, Hashes]:
    """Hashes of those paths that are files."""
    present = sorted(path for path in paths if (root / path).is_file())
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
        return dict(zip(present, pool.map(lambda path: _hashes(root / path), present), strict=True))


def _hashes(path: Path) -> Hashes:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                sha256.update(block)
                md5.update(block)
                size += len(block)
    except OSError as error:
        raise Refusal(f"{path}: cannot be read: {error.strerror}") from error
    return Hashes(sha256.hexdigest(), md5.hexdigest(), size)


def _against_ledgers(ledgers: dict[str, Ledger], read: dict[str, Hashes]) -> Iterator[Finding]:
    for told in ledgers.values():
        for path, expected in sorted(told.digests.items()):
            if path in read and read[path].sha256 != expected:
                yield Finding(path, expected, read[path].sha256, _restore(path))


def _restore(path: str) -> str:
    back = f"rm {path} && dvc checkout" if path.startswith("data/") else f"git checkout -- {path}"
    return f"`{back}` takes back what was recorded; or delete it, then {REMEDY}"


def _between_ledgers(ledgers: dict[str, Ledger], read: dict[str, Hashes]) -> Iterator[Finding]:
    """Ledgers that tell of other inputs than the ledgers of the verbs before them: out of date, or edited."""
    made = {path: digest for told in ledgers.values() for path, digest in told.digests.items()}
    made |= {path: read[path].sha256 for path in map(ledger, ledgers) if path in read}
    for verb, told in ledgers.items():
        inputs = {(path, digest) for entry in told.jobs.values() for path, digest in entry.inputs.items()}
        other = sorted(path for path, digest in inputs if made.get(path, digest) != digest)
        if other:
            edited = [path for path in other if path.startswith(history.LEDGERS)]
            yield Finding(
                path=ledger(verb),
                expected=f"made from the files that are here, {other[0]} among them",
                found=f"made from {len(other)} others",
                remedy="`snakemake --cores all` brings it up to date"
                + (f"; if {edited[0]} was edited by hand, `git checkout -- {edited[0]}`" if edited else ""),
            )


def _against_lock(root: Path, path: str, expected: str, read: dict[str, Hashes], named: set[str]) -> Iterator[Finding]:
    """An out of dvc.lock; a folder of which a file was named already is not named again."""
    below = [file for file in _below(root, path) if file in read]
    if not (root / path).exists() or any(file in named for file in below):
        return
    found = read[path].md5 if (root / path).is_file() else _md5_of_folder(path, below, read)
    if found != expected:
        yield Finding(
            path=path,
            expected=f"{expected} (MD5 in DVC's record)",
            found=found,
            remedy="`dvc repro` records what is here, `dvc checkout --force` takes back what was recorded",
        )


def _md5_of_folder(path: str, below: list[str], read: dict[str, Hashes]) -> str:
    """DVC's MD5 of a folder: that of the sorted list of its files with theirs."""
    listing = [{"md5": read[file].md5, "relpath": file.removeprefix(f"{path}/")} for file in below]
    text = json.dumps(sorted(listing, key=lambda entry: entry["relpath"]), sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _against_names(cached: dict[str, str], read: dict[str, Hashes]) -> Iterator[Finding]:
    remedy = "`rm -f` it; `dvc repro --force` stores the working tree's sound files again without any job"
    for path, expected in sorted(cached.items()):
        if path in read and read[path].md5 != expected:
            yield Finding(path, f"{expected} (its MD5 is its name)", read[path].md5, remedy)


def _unknown(path: str) -> Finding:
    remedy = "`snakemake --cores all` removes what no job makes, once a job of that verb runs"
    return Finding(path, "a file that a ledger tells of", "in no ledger", remedy)


def _notes(root: Path) -> list[str]:
    notes: list[str] = []
    if repository.head(root) is None:
        reason = repository.closed(root) or "there is no commit yet"
        notes.append(f"whether the ledgers were edited cannot be seen: {reason}")
    elif edited := repository.changed(root, history.LEDGERS, "dvc.lock"):
        notes.append(f"not committed as it is: {', '.join(edited)}")
    if not (root / "dvc.lock").exists():
        notes.append("no dvc.lock: nothing is recorded by DVC yet; run `dvc repro`")
    return notes


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
