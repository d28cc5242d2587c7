"""Paragraphs on the chapters of the essay: written by a person, and shown only where the verdicts are still those."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from nominima.drawing.chapters import Chapter
from nominima.ground.records import Strict
from nominima.ground.texts import canonical
from nominima.judging.record import Standing, Verdict


class Paragraph(Strict):
    """What held, what failed and what is undecided in a chapter.

    claims: claim → what it was when this was written, as `judged` says it; all claims of the chapter.
    """

    claims: dict[str, str]
    text: str


def read_paragraphs(path: Path) -> dict[str, Paragraph]:
    """Number of a chapter → its paragraph, from a JSON file."""
    return {number: Paragraph.model_validate(its) for number, its in json.loads(path.read_bytes()).items()}


def judged(standing: Standing, verdict: Verdict) -> str:
    """`mixed 5 of 6, 6f0e1c2d`: a claim's word, its tested cells on the claim's side, and a digest of all that decides.

    The digest is of the words of its trend, its parts and every deciding cell: other cells may come to the same counts.
    """
    cells = {
        part.name: {cell.name: cell.outcome for cell in part.cells if cell.decides}
        for part in (verdict.primary, *verdict.parts)
    }
    words = canonical({"trend": verdict.truer.word, "parts": [part.outcome for part in verdict.parts], "cells": cells})
    digest = hashlib.sha256(words.encode()).hexdigest()[:8]
    return f"{standing.outcome} {standing.supported} of {standing.tested}, {digest}"


def holding(written: Mapping[str, Paragraph], chapters: Sequence[Chapter], claims: Mapping[str, str]) -> dict[str, str]:
    """Number of a chapter → the text of its paragraph, of those chapters whose claims are what it was written for.

    claims: claim → what it is, as `judged` says it.
    """
    return {
        number: written[number].text
        for number, *_, names in chapters
        if number in written and written[number].claims == {name: claims[name] for name in names}
    }
