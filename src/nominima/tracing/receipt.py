"""Receipts of audits: reports/audits/<date>-<what>.json, an in-toto Statement each, kept by people in Git.

The one kind of file with a date, because it records an event. No digest and no page rests on it. Nobody has to believe
one: its `command` makes it again. (in-toto Attestation Framework, Statement v1.)
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from nominima.ground.files import Refusal, read, write
from nominima.ground.records import Strict

FOLDER = "reports/audits"
LONGEST = 80  # signs of a name
STATEMENT, KIND = "https://in-toto.io/Statement/v1", "urn:nominima:audit:v1"


class Predicate(Strict):
    """What was done and what came of it."""

    command: str = Field(description="what makes this receipt again")
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    commit: str = Field(description="whose results were audited")
    made_from: str = Field(description="what was taken as recorded: verdicts, measures, runs or data; or spot")
    grade: str = Field(description="the worst of all files")
    counts: dict[str, int] = Field(description="grade → files")
    seconds: float
    environment: dict[str, str] = Field(description="where the audit ran")
    other_environment: list[str] = Field(description="in what that differs from where the results were made")
    other_source: list[str] = Field(description="modules that differ from those of the commit")
    jobs: dict[str, dict[str, str]] = Field(description="verb and job → path → grade")
    begins: dict[str, list[str]] = Field(description="job in which a difference begins → what differs")


class Subject(Strict):
    """A file that was audited, as it was recorded."""

    name: str
    digest: dict[str, str]


class Receipt(Strict):
    """An in-toto Statement with an audit as its predicate."""

    statement: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: list[Subject]
    kind: Literal["urn:nominima:audit:v1"] = Field(alias="predicateType")
    predicate: Predicate

    @property
    def files(self) -> dict[str, str]:
        """Path → SHA-256 of what was audited, as it was recorded."""
        return {each.name: each.digest.get("sha256", "") for each in self.subject}

    def grade(self, path: str) -> str:
        """The grade of a file; empty where it is not of this audit."""
        return next((files[path] for files in self.predicate.jobs.values() if path in files), "")


def receipt(files: dict[str, str], predicate: Predicate) -> Receipt:
    """The receipt of an audit of files, path → SHA-256 as recorded."""
    subject = [{"name": path, "digest": {"sha256": told}} for path, told in files.items()]
    told = {"_type": STATEMENT, "subject": subject, "predicateType": KIND, "predicate": predicate.model_dump()}
    return Receipt.model_validate(told)


def today() -> str:
    """The date of an audit, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def keep(receipt: Receipt, what: str, root: Path) -> Path:
    """Write a receipt, under a name that is free; returns its place."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", Path(what).name).strip("-.")[:LONGEST] or "results"
    stem = f"{receipt.predicate.date}-{name}"
    taken = {path.stem for path in (root / FOLDER).glob("*.json")}
    stem = next(each for each in (stem, *(f"{stem}-{at}" for at in range(2, len(taken) + 3))) if each not in taken)
    path = root / FOLDER / f"{stem}.json"
    told: dict[str, Any] = receipt.model_dump(by_alias=True)
    write(path, (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode())
    return path


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
    """What the last receipt of a file says, or of the first file of a job, path → SHA-256; empty where none does."""
    asked = {path: made for path, made in outputs.items() if made == sha256} or outputs
    path, made = min(asked.items())
    told = [(name, its) for name, its in receipts(root).items() if (path, made) in its.files.items()]
    if not told:
        return ""
    name, its = told[-1]
    return f"{its.predicate.date} from {its.predicate.made_from}: {its.grade(path)} ({FOLDER}/{name})"
