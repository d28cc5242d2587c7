"""The manifest of a CODECHECK certificate, codecheck.yml, from a receipt: what a person fills in is left empty in it.

Names and demands are those of the CODECHECK configuration file specification 1.0 (codecheck.org.uk/spec/config/1.0/).
It fixes the file's name and has its paths relative to it, so each receipt has a folder of its own for it.
"""

import os
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from nominima.auditing.subject import README
from nominima.ground.files import Refusal, read, write
from nominima.planning.reader import parse
from nominima.tracing import repository
from nominima.tracing.receipt import Receipt

NAME, VERSION = "codecheck.yml", "https://codecheck.org.uk/spec/config/1.0/"
CITATION = "CITATION.cff"
EMPTY = ""
NOT_MADE = ("not recomputed", "not replicated")
ASKED = {
    "codechecker": "who checked: a name, and below it `ORCID: 0000-…` if there is one",
    "report": "where the published report is: a DOI or URL",
    "repository": "where files and history are: a URL",
}  # fmt: skip
REFERENCE = "of the article: a DOI or URL, or `Under review at …`"
CERTIFICATE = "certificate: YYYY-NNN  # as the register gives it; leave it out before"


class Author(BaseModel):
    """An author in a CITATION.cff: a person, or anything else with a name."""

    name: str = ""
    given: str = Field(default="", alias="given-names")
    particle: str = Field(default="", alias="name-particle")
    family: str = Field(default="", alias="family-names")
    orcid: str = ""

    @property
    def told(self) -> dict[str, str]:
        """As the certificate names an author."""
        name = self.name or " ".join(filter(None, (self.given, self.particle, self.family)))
        orcid = self.orcid.rpartition("/")[2]
        return {"name": name} | ({"ORCID": orcid} if orcid else {})


class Work(BaseModel):
    """A work in a CITATION.cff."""

    title: str = ""
    authors: list[Author] = []
    doi: str = ""
    url: str = ""

    @property
    def reference(self) -> str:
        """Where it can be found; empty where it does not say."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url


class Citation(Work):
    """What a CITATION.cff says: the paper is what it prefers to be cited, else the whole itself."""

    preferred: Work | None = Field(default=None, alias="preferred-citation")
    repository: str = Field(default="", alias="repository-code")

    @property
    def paper(self) -> Work:
        """What the certificate is about."""
        return self.preferred or self


def certificate(receipt: Receipt, at: Path, root: Path) -> tuple[Path, list[str]]:
    """Write codecheck.yml beside the receipt that lies `at`; returns its place and the fields left to a person.

    Raises:
        Refusal: CITATION.cff is none.
    """
    path = at.with_suffix("") / NAME
    told = _content(receipt, at, path.parent, root)
    empty = [f"paper.{key}" for key, value in told["paper"].items() if value == EMPTY]
    empty += ["codechecker", *(key for key, value in told.items() if value == EMPTY)]
    _commented(told)
    yaml = YAML()
    yaml.version, yaml.explicit_start, yaml.width = (1, 1), True, 4096  # pyright: ignore[reportAttributeAccessIssue]
    text = StringIO()
    yaml.dump(told, text)
    write(path, text.getvalue().encode())
    return path, empty


def _content(receipt: Receipt, at: Path, folder: Path, root: Path) -> CommentedMap:
    its, citation = receipt.predicate, _citation(root)
    paper, home = citation.paper, citation.repository or _remote(root)
    authors = [author.told for author in paper.authors]
    found = ", ".join(f"{grade} ({count})" for grade, count in its.counts.items())
    return CommentedMap(
        version=VERSION,
        manifest=[
            {"file": os.path.relpath(root / path, folder), "comment": f"{its.how}: {receipt.predicate.word(path)}"}
            for path in _manifest(receipt)
        ],
        paper=CommentedMap(title=paper.title, authors=authors or [{"name": EMPTY}], reference=paper.reference),
        source=f"commit {its.commit} of {home or 'the repository'}",
        codechecker=[{"name": EMPTY}],
        report=EMPTY,
        summary=f"{its.command} took {its.seconds:.0f} s; it found {found}. Its receipt is {at.relative_to(root)}.",
        repository=home,
        check_time=its.date,
    )


def _manifest(receipt: Receipt) -> list[str]:
    """The files that were made again: results for people, or whatever it was where there are none."""
    made = [path for path in receipt.files if not receipt.predicate.word(path).startswith(NOT_MADE)]
    results = [path for path in made if path.startswith("reports/") or path == README]
    return sorted(results or made)


def _commented(told: CommentedMap) -> None:
    """Say at each empty field what belongs there."""
    for key, comment in ASKED.items():
        if told[key] == EMPTY or key == "codechecker":
            told.yaml_set_comment_before_after_key(key, before=comment)
    if told["paper"]["reference"] == EMPTY:
        told["paper"].yaml_add_eol_comment(REFERENCE, "reference")
    told.yaml_set_comment_before_after_key("check_time", before=CERTIFICATE)


def _citation(root: Path) -> Citation:
    path = root / CITATION
    if not path.is_file():
        return Citation()
    tree: dict[str, Any] = parse(read(path), path)
    try:
        return Citation.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refusal(f"{path}: {where}: {first['msg']}; mend it as the Citation File Format says") from None


def _remote(root: Path) -> str:
    """Where `origin` is, if that is an address of the web; without the name and password that may stand in it."""
    try:
        url = urlsplit(repository.git(root, "remote", "get-url", "origin").strip())
    except (Refusal, ValueError):
        return EMPTY
    return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2])) if url.scheme in ("http", "https") else EMPTY
