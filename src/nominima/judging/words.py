"""What a claim's file says about it: a docstring of a title and paragraphs that begin with a head and a colon."""

import ast
from typing import NamedTuple

from nominima.planning import shelf

HEADS = ("Claim", "Refuted by", "Tested by", "Limits", "Caption")
SIDES = ("For", "Against")


class Words(NamedTuple):
    """A claim in our words; none of them decides anything."""

    title: str
    statement: str
    refuted_by: str
    tested_by: str
    limits: str
    caption: str
    literature: tuple[str, ...]


def of_claim(name: str) -> Words:
    """The words of a claim on the shelf, read without importing it."""
    return words(ast.get_docstring(ast.parse(shelf.path("claims", name).read_bytes())))


def titles() -> dict[str, str]:
    """The title of every claim on the shelf."""
    return {name: of_claim(name).title for name in shelf.names("claims")}


def words(docstring: str | None) -> Words:
    """The words of a module's docstring.

    Raises:
        ValueError: a paragraph is missing, doubled or has an unknown head.
    """
    title, *paragraphs = [" ".join(part.split()) for part in (docstring or "").split("\n\n")]
    found: dict[str, str] = {}
    sources = []
    for paragraph in paragraphs:
        head, _, text = paragraph.partition(": ")
        if head.startswith(SIDES):
            sources.append(paragraph)
        elif head not in HEADS or head in found:
            raise ValueError(f"a claim's docstring has each of {', '.join(HEADS)} once, and not {head!r}")
        else:
            found[head] = text
    missing = [head for head in HEADS if head not in found]
    if missing or not title:
        raise ValueError(f"a claim's docstring lacks {', '.join(missing) or 'a title'}")
    claim, refuted, tested, limits, caption = (found[head] for head in HEADS)
    return Words(title.rstrip("."), claim, refuted, tested, limits, caption, tuple(sorted(sources, key=_side)))


def _side(paragraph: str) -> int:
    return 1 if paragraph.startswith(SIDES[1]) else 0
