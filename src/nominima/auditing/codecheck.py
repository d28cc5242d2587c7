"""The manifest of a CODECHECK certificate, codecheck.yml, from a receipt: what a person fills in is left empty in it.

Names and demands are those of the CODECHECK configuration file specification 1.0 (codecheck.org.uk/spec/config/1.0/).
It fixes the file's name and has its paths relative to it, so each receipt has a folder of its own for it.
"""

import os
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from nominima.auditing.citation import cited, home_of
from nominima.auditing.subject import README
from nominima.ground.files import write
from nominima.tracing.receipt import Receipt

NAME, VERSION = "codecheck.yml", "https://codecheck.org.uk/spec/config/1.0/"
EMPTY = ""
NOT_MADE = ("not recomputed", "not replicated")
ASKED = {
    "codechecker": "who checked: a name, and below it `ORCID: 0000-…` if there is one",
    "report": "where the published report is: a DOI or URL",
    "repository": "where files and history are: a URL",
}  # fmt: skip
REFERENCE = "of the article: a DOI or URL, or `Under review at …`"
CERTIFICATE = "certificate: YYYY-NNN  # as the register gives it; leave it out before"


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
    its, citation = receipt.predicate, cited(root)
    paper, home = citation.paper, citation.repository or home_of(root)
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
