"""Everything stored is hashed again: files against the ledgers, ledgers against each other and the plan, DVC's records.

DVC itself serves a damaged cache object without a word.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from nominima.ground.files import REMEDY, Refusal
from nominima.ground.places import LEFT_ALONE, MADE_BY, VERBS, ledger, owner
from nominima.tracing import history, repository
from nominima.tracing.ledger import Ledger, read_ledger
from nominima.tracing.lock import Finding, Hashes, against_names, against_records, below, cached, records
from nominima.tracing.seen import Fingerprint, keys
from nominima.tracing.standing import Jobs, standing, unlike

BLOCK = 2**20
BUILD = (
    "`make reproduce` builds them, `dvc pull` fetches them where a remote is set; "
    "they must then have the digests in reports/ledger"
)
UNSEEN = "not looked at: .snakemake, logs, DVC's run cache and .git (`git fsck`); other files in Git are `git status`'s"
PLAN = "; and whether this is what params.yaml and src ask for: `PYTHONPATH=src nominima verify` looks at that, too"


class Report(NamedTuple):
    """What was found: `missing` are recorded files that are not here; `notes` are no faults."""

    findings: list[Finding]
    missing: list[str]
    notes: list[str]
    files: int
    bytes: int
    unseen: str


def verify(root: Path, jobs: Jobs | None) -> Report:
    """Hash everything again that ledgers, dvc.lock and *.dvc files below `root` list, and DVC's cache.

    Compared with `jobs`, the plan of params.yaml and the source, is each file's own trace, where there is a plan.

    Raises:
        Refusal: there is neither a ledger nor a dvc.lock.
    """
    ledgers, findings = _ledgers(root)
    if not (ledgers or findings or (root / "dvc.lock").exists()):
        raise Refusal(f"{root}: nothing is recorded here; `snakemake --cores all` and `dvc repro` make and record it")
    told, damaged = records(root)
    objects, unreadable = cached(root)
    known = {path for each in ledgers.values() for path in each.digests} | set(map(ledger, ledgers))
    raw = {path for each in ledgers.values() for entry in each.jobs.values() for path in entry.inputs} - known
    lying = {
        file for folder in MADE_BY for file in below(root, folder.rstrip("/")) if Path(file).name not in LEFT_ALONE
    }
    recorded = {file for record in told for file in below(root, record.path)}
    read = _hashed(root, known | raw | recorded | lying | set(objects))
    findings += [*damaged, *unreadable]
    findings += [*_against_ledgers(ledgers, read), *_between_ledgers(ledgers, read)]
    findings += against_records(root, told, read, {finding.path for finding in findings})
    findings += against_names(objects, read)
    if jobs is not None:
        findings += _against_plan(root, jobs, ledgers, read, {finding.path for finding in findings})
    outs = {record.path for record in told if record.made and not (root / record.path).exists()}
    gone = {record.path for record in told if not record.made and not (root / record.path).exists()} - outs
    missing = sorted({path for path in known | raw if path not in read} | outs | gone)
    own = sorted(path for path in lying - known if ledgers.get(owner(path)))
    notes = [*_notes(root), *(f"in no ledger, so not this pipeline's: {path}" for path in own)]
    size = sum(each.size for each in read.values())
    return Report(findings, missing, notes, len(read), size, UNSEEN + (PLAN if jobs is None else ""))


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
    """Ledgers with inputs that are not what the ledgers before them name: out of date, edited, or left behind."""
    made = {path: digest for told in ledgers.values() for path, digest in told.digests.items()}
    made |= {path: read[path].sha256 for path in map(ledger, ledgers) if path in read}
    for verb, told in ledgers.items():
        inputs = {(path, digest) for entry in told.jobs.values() for path, digest in entry.inputs.items()}
        raw = {path: read[path].sha256 if path in read else digest for path, digest in inputs if _raw(path)}
        other = sorted(path for path, digest in inputs if (made | raw).get(path) != digest)
        if other:
            edited = [path for path in other if path.startswith(history.LEDGERS)]
            yield Finding(
                path=ledger(verb),
                expected=f"made from what is recorded, {other[0]} among it",
                found=f"made from {len(other)} other files, or ones that no ledger names",
                remedy="`snakemake --cores all` brings it up to date"
                + (f"; if {edited[0]} was edited by hand, `git checkout -- {edited[0]}`" if edited else ""),
            )


def _raw(path: str) -> bool:
    return path.startswith("data/raw/")


def _against_plan(
    root: Path, jobs: Jobs, ledgers: dict[str, Ledger], read: dict[str, Hashes], named: set[str]
) -> Iterator[Finding]:
    """Verbs whose files or ledger are not of the plan; digests are the ledgers', since files were held against them."""
    made = {path: (told, told.makers[path]) for told in ledgers.values() for path in told.digests}
    taken = {
        path: value for told in ledgers.values() for entry in told.jobs.values() for path, value in entry.inputs.items()
    }

    def look(path: str) -> Fingerprint | None:
        told, name = made.get(path, (None, ""))
        if told is None:
            value = read[path].sha256 if path in read else taken.get(path)
            return Fingerprint(value, *keys(root / path)) if value else None
        trace = told.trace(name)
        recorded = Fingerprint(told.digests[path], trace.key, trace.asked)
        return recorded if path in named or path not in read else Fingerprint(told.digests[path], *keys(root / path))

    found = standing(jobs, ledgers, look, root)
    for verb, planned in jobs.items():
        again = sorted(path for path in found.again if path in made and owner(path) == verb and path not in named)
        if ledger(verb) in named or not (again or verb not in ledgers or unlike(ledgers[verb], planned)):
            continue
        yield Finding(
            path=again[0] if again else ledger(verb),
            expected=f"the {len(planned)} jobs of {verb} as params.yaml and the source ask for them",
            found=f"{len(again)} files of other parameters, code or inputs"
            if again
            else "another list of jobs, or none",
            remedy="`snakemake --cores all` makes what is not as planned, `dvc repro` records it",
        )


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
