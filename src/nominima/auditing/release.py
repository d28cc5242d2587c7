"""One archive to publish: the files of a commit, its page and the receipts of its audits, described as an RO-Crate."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from nominima.auditing import crate
from nominima.auditing.citation import CITATION, Citation, home_of, said
from nominima.ground.files import Refusal, write
from nominima.ground.places import VERBS, ledger
from nominima.tracing import repository
from nominima.tracing.ledger import Ledger
from nominima.tracing.receipt import FOLDER, Predicate, receipts
from nominima.tracing.repository import Commit

PAGE = "reports/index.html"
BAD = ("different", "not recomputed")
PLAIN, RUN, FOLDER_MODE = 0o100644, 0o100755, 0o40755


class File(NamedTuple):
    """A file of the archive, and its mode."""

    content: bytes
    mode: int = PLAIN


class Release(NamedTuple):
    """What was packed: of which commit, how many files, and with which receipts."""

    path: Path
    commit: Commit
    files: int
    receipts: list[str]


def release(root: Path, out: Path | None = None) -> Release:
    """Pack what HEAD records into a ZIP archive: all files of Git, the page, the receipts of the commit's audits.

    The bytes depend on the commit and the receipts (on the version of zlib, and on the address of `origin` where
    CITATION.cff names no repository), not on clock, place or machine.

    Raises:
        Refusal: nothing is committed; a result is not what its ledger says; there is no receipt of `audit all` of this
            commit, or one that found a difference.
    """
    commit = repository.commit(root, repository.resolved(root, "HEAD"))
    files, told = _committed(root, commit), _receipts(root, commit)
    files |= {PAGE: _page(root)} | told
    _check(files, commit)
    its = said(files[CITATION].content, root / CITATION) if CITATION in files else Citation()
    contents = {path: file.content for path, file in files.items()}
    files[crate.NAME] = File(crate.metadata(contents, commit, its, its.repository or home_of(root)))
    path = out or root / f"nominima-{its.version or '0'}-{commit.id[:7]}.zip"
    write(path, _zipped(files, commit))
    return Release(path, commit, len(files), sorted(told))


def _committed(root: Path, commit: Commit) -> dict[str, File]:
    """The files of the commit, as `git archive` has them."""
    stream = io.BytesIO(repository.git_bytes(root, "archive", "--format=tar", commit.id))
    with tarfile.open(fileobj=stream) as archive:
        inside = {member.name: member for member in archive if member.isfile()}
        read = {name: (archive.extractfile(member), member.mode) for name, member in inside.items()}
        return {name: File(file.read(), RUN if mode & 0o100 else PLAIN) for name, (file, mode) in read.items() if file}


def _page(root: Path) -> File:
    path = root / PAGE
    if not path.is_file():
        raise Refusal(f"{PAGE}: is not here; `dvc checkout {PAGE}` brings it, or `dvc repro` makes it")
    return File(path.read_bytes())


def _receipts(root: Path, commit: Commit) -> dict[str, File]:
    """The receipts of the commit, one of all results among them."""
    found = {name: its.predicate for name, its in receipts(root).items() if its.predicate.commit == commit.id}
    whole = {name: its for name, its in found.items()
             if isinstance(its, Predicate) and its.command.startswith("nominima audit all ")
             and its.made_from != "spot"}  # fmt: skip
    if not whole:
        raise Refusal(f"{FOLDER}: has no receipt of `nominima audit all` of commit {commit.id[:12]}; "
                      "`make release` makes one first")  # fmt: skip
    if failed := sorted(name for name, its in whole.items() if its.grade in BAD):
        raise Refusal(f"{FOLDER}/{failed[0]}: found {whole[failed[0]].grade}; mend what it names and audit again, "
                      "or move it away")  # fmt: skip
    return {f"{FOLDER}/{name}": File((root / FOLDER / name).read_bytes()) for name in found}


def _check(files: dict[str, File], commit: Commit) -> None:
    """Refuse results that are missing, or not those that the ledgers of the commit name; data are left out."""
    for verb in VERBS:
        if ledger(verb) not in files:
            raise Refusal(
                f"{ledger(verb)}: commit {commit.id[:12]} has none; record a run with `dvc repro` and commit it"
            )
        its = Ledger.model_validate_json(files[ledger(verb)].content)
        for path, sha256 in its.digests.items():
            same = crate.sha256(files[path].content) == sha256 if path in files else not path.startswith("reports/")
            if not same:
                raise Refusal(f"{path}: not what {ledger(verb)} of commit {commit.id[:12]} says; "
                              f"`git checkout {commit.id[:12]} && dvc checkout` brings that back")  # fmt: skip


def _zipped(files: dict[str, File], commit: Commit) -> bytes:
    """All files in a ZIP archive, under the commit's date, with the folders that the description names."""
    year, month, day = map(int, commit.date.split("-"))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        folders = {path: File(b"", FOLDER_MODE) for path in crate.folders(files)}
        for path, file in sorted((folders | files).items()):
            entry = zipfile.ZipInfo(path, (year, month, day, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, file.mode << 16  # modes as on Unix
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.content)
    return out.getvalue()
