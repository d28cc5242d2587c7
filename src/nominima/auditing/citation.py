"""Whose work a project is: what its CITATION.cff says, and where it lives."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, Field, ValidationError

from nominima.ground.files import Refusal, read
from nominima.planning.reader import parse
from nominima.tracing import repository

CITATION = "CITATION.cff"


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


class Publication(BaseModel):
    """A work in a CITATION.cff."""

    title: str = ""
    authors: list[Author] = []
    doi: str = ""
    url: str = ""

    @property
    def reference(self) -> str:
        """Where it can be found; empty where it does not say."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url


class Citation(Publication):
    """What a CITATION.cff says: the paper is what it prefers to be cited, else the whole itself."""

    preferred: Publication | None = Field(default=None, alias="preferred-citation")
    abstract: str = ""
    version: str = ""
    license: str | list[str] = ""
    repository: str = Field(default="", alias="repository-code")

    @property
    def paper(self) -> Publication:
        """What the certificate is about."""
        return self.preferred or self


def cited(root: Path) -> Citation:
    """What the CITATION.cff of a project says; nothing where there is none.

    Raises:
        Refusal: it is damaged.
    """
    path = root / CITATION
    return said(read(path), path) if path.is_file() else Citation()


def said(content: bytes, path: Path) -> Citation:
    """What the content of a CITATION.cff says; path: as errors name it.

    Raises:
        Refusal: it is damaged.
    """
    tree: dict[str, Any] = parse(content, path)
    try:
        return Citation.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refusal(f"{path}: {where}: {first['msg']}; mend it as the Citation File Format says") from None


def home_of(root: Path) -> str:
    """Where `origin` is, if that is an address of the web; without the name and password that may stand in it."""
    try:
        url = urlsplit(repository.git(root, "remote", "get-url", "origin").strip())
    except (Refusal, ValueError):
        return ""
    return urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2])) if url.scheme in ("http", "https") else ""
