"""Receipts of audits: reports/audits/<date>-<what>.json, an in-toto Statement each, kept by people in Git.

The one kind of file with a date, because it records an event. No digest and no page rests on it. Nobody has to believe
one: its `command` makes it again. (in-toto Attestation Framework, Statement v1.)
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from nominima.ground.files import Refusal, read, temporary, unwritable
from nominima.ground.records import Strict

FOLDER = "reports/audits"
LONGEST = 80  # signs of a name
STATEMENT = "https://in-toto.io/Statement/v1"
Kind = Literal["urn:nominima:audit:v1", "urn:nominima:replication:v1"]
AUDIT, REPLICATION = get_args(Kind)
LISTED = (".png", ".html", ".md")  # besides verdicts


class Event(Strict):
    """What was done, and where: what receipts of all kinds tell."""

    command: str = Field(description="what makes this receipt again")
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    commit: str = Field(description="whose results were audited")
    grade: str = Field(description="the worst of all files, or of all claims")
    counts: dict[str, int] = Field(description="grade → files, or claims")
    seconds: float
    environment: dict[str, str] = Field(description="where the audit ran")
    other_environment: list[str] = Field(description="in what that differs from where the results were made")
    other_source: list[str] = Field(description="modules that differ from those of the commit")


class Predicate(Event):
    """An audit: files made again from what was recorded, each graded."""

    made_from: str = Field(description="what was taken as recorded: verdicts, measures, runs or data; or spot")
    jobs: dict[str, dict[str, str]] = Field(description="verb and job → path → grade")
    begins: dict[str, list[str]] = Field(description="job in which a difference begins → what differs")
    starts: dict[str, str] = Field(default={}, description="job of which only the start was made again → up to where")

    @property
    def how(self) -> str:
        """From what files were made, in words."""
        return f"from {self.made_from}"

    def word(self, path: str) -> str:
        """The grade of a file, and how much of it was made again; empty where it is not of this audit."""
        job = next((job for job, files in self.jobs.items() if path in files), "")
        return " ".join(filter(None, (self.jobs.get(job, {}).get(path), self.starts.get(job))))


class Claim(Strict):
    """What a replication found of one claim. Cells: those that decide the word of the claim or of a part."""

    grade: Literal["different words", "not replicated", "same words"]
    recorded: str = Field(description="its word")
    replicated: str = Field(description="its word with fresh seeds")
    why: str = Field(description="why it was not replicated")
    cells: int
    same: int = Field(description="of the cells, those with the same word")
    compared: int = Field(description="of the cells, those with an interval on both sides")
    overlapping: int = Field(description="of these, those whose intervals overlap")
    flipped: list[str] = Field(description="cells that went from supported to contradicted, or back")
    differs: list[str] = Field(description="words that are others, and intervals that do not overlap")
    files: list[str] = Field(description="its recorded results")


class Replicated(Event):
    """A replication: claims trained, measured and judged on fresh seeds."""

    first_seed: int = Field(description="the smallest of the fresh seeds")
    instead_of: int = Field(description="the smallest of the recorded ones")
    claims: dict[str, Claim]

    @property
    def how(self) -> str:
        """With which seeds, in words."""
        return f"with seeds from {self.first_seed}"

    def word(self, path: str) -> str:
        """The words of the claim of a file, or its grade if that is one word; empty where it is not of these claims."""
        of = next((each for each in self.claims.values() if path in each.files), None)
        if of is None:
            return ""
        told = of.grade == "not replicated" or of.recorded == of.replicated
        return of.grade if told else f"{of.recorded}, now {of.replicated}"


class Audited(Strict):
    """A file that was audited, or whose claim was replicated, as it was recorded."""

    name: str
    digest: dict[str, str]


class Receipt(Strict):
    """An in-toto Statement with an audit or a replication as its predicate."""

    statement: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[Audited]
    kind: Kind = Field(alias="predicateType")
    predicate: Predicate | Replicated

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.kind != _kind(self.predicate):
            raise ValueError(f"predicateType {self.kind} does not fit its predicate")
        if of_none := [path for path in self.files if not self.predicate.word(path)]:
            raise ValueError(f"its predicate says nothing of {of_none[0]}")
        return self

    @property
    def files(self) -> dict[str, str]:
        """Path → SHA-256 of what was audited, as it was recorded."""
        return {each.name: each.digest.get("sha256", "") for each in self.subject}

    @property
    def results(self) -> list[str]:
        """The files that a list of results shows, of a replicated claim its verdict."""
        shown = () if isinstance(self.predicate, Replicated) else LISTED
        return [path for path in self.files if path.startswith("reports/verdicts/") or path.endswith(shown)]


def receipt(files: dict[str, str], predicate: Predicate | Replicated) -> Receipt:
    """The receipt of an audit of files, path → SHA-256 as recorded, or of a replication of what they tell.

    A file of which no digest is recorded is in the predicate only: a Statement has none without.
    """
    subject = [{"name": path, "digest": {"sha256": told}} for path, told in files.items() if told]
    kind = _kind(predicate)
    told = {"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate.model_dump()}
    return Receipt.model_validate(told)


def today() -> str:
    """The date of an audit, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def keep(receipt: Receipt, what: str, root: Path) -> Path:
    """Write a receipt, under a name that is free, also if another audit looks for one now; returns its place."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(what).name).strip("-.")[:LONGEST] or "results"
    stem = f"{receipt.predicate.date}-{name}"
    told: dict[str, Any] = receipt.model_dump(by_alias=True)
    content = (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()
    places = (root / FOLDER / f"{each}.json" for each in chain([stem], (f"{stem}-{at}" for at in count(2))))
    first = root / FOLDER / f"{stem}.json"
    with unwritable(first), temporary(first) as (handle, whole):
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        whole.chmod(0o644)
        return next(place for place in places if _linked(place, whole))


def receipts(root: Path) -> dict[str, Receipt]:
    """All receipts of a project by file name, oldest first.

    Raises:
        Refusal: one is damaged.
    """
    found: dict[str, Receipt] = {}
    for path in sorted((root / FOLDER).glob("*.json")):
        try:
            found[path.name] = Receipt.model_validate_json(read(path))
        except ValidationError as error:
            first = error.errors()[0]
            raise Refusal(f"{path}: not a receipt of an audit ({'.'.join(map(str, first['loc']))}: {first['msg']}); "
                          "move it away") from None  # fmt: skip
    return dict(sorted(found.items(), key=lambda item: item[1].predicate.date))


def last_word(root: Path, outputs: Mapping[str, str], sha256: str | None) -> str:
    """What the last receipts of a file say, or of the first file of a job, path → SHA-256; empty where none does.

    An audit and a replication answer different questions, so that neither hides the other.
    """
    asked = {path: made for path, made in outputs.items() if made == sha256} or outputs
    path, made = min(asked.items())
    last = {its.kind: (name, its.predicate) for name, its in receipts(root).items()
            if (path, made) in its.files.items()}  # fmt: skip
    return "; ".join(f"{its.date} {its.how}: {its.word(path)} ({FOLDER}/{name})" for name, its in last.values())


def _kind(predicate: Predicate | Replicated) -> Kind:
    return REPLICATION if isinstance(predicate, Replicated) else AUDIT


def _linked(place: Path, whole: Path) -> bool:
    """Give a file a name that is free; False where it is not, or ceases to be in the meantime."""
    try:
        place.hardlink_to(whole)  # unlike a rename it never takes another's place
    except FileExistsError:
        return False
    return True
