"""What an archive says of itself: ro-crate-metadata.json, by the RO-Crate specification 1.2 (w3id.org/ro/crate/1.2)."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from nominima.auditing.citation import Author, Citation
from nominima.ground.places import VERBS, ledger
from nominima.tracing.receipt import FOLDER
from nominima.tracing.repository import Commit

NAME = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.2"
SNAKEMAKE = "https://snakemake.github.io"
WORKFLOW = "Snakefile"
LEFT_OUT = "Data sets, trained networks and measurements are left out: `make reproduce` makes them again."

SAID = {
    **{ledger(verb): f"the ledger of {verb}: each job, its trace, the SHA-256 of each file it made" for verb in VERBS},
    "reports/index.html": "the report: one offline page with every verdict, figure and trace",
    "reports/verdicts/": "a verdict, with its rule, its cells and its trace",
    "reports/evidence/": "the numbers that a verdict was judged from",
    "reports/figures/": "a figure, with its trace inside",
    "reports/metrics.yaml": "the word and the numbers of each claim",
    "reports/cells.yaml": "the number of each cell",
    f"{FOLDER}/": "the receipt of an audit: an in-toto Statement",
    "params.yaml": "every setting of the trial",
    "dvc.lock": "the digests of all data, those left out here included",
    "src/": "the source",
    "workflow/": "the rules of the workflow",
    "tests/": "the tests",
    "docs/": "the documentation",
}
"""A path, or the beginning of one → what is there."""
FORMATS = {
    ".json": "application/json", ".csv": "text/csv", ".svg": "image/svg+xml", ".png": "image/png", ".html": "text/html",
    ".md": "text/markdown", ".yaml": "application/yaml", ".toml": "application/toml", ".cff": "application/yaml",
}  # fmt: skip

Entity = dict[str, Any]


def metadata(files: Mapping[str, bytes], commit: Commit, cited: Citation, home: str) -> bytes:
    """The file that describes all others of an archive, path → content; `home` is where the repository is, or empty.

    Results and the files at the top are described one by one, with their SHA-256; other folders as wholes.
    """
    authors = [_person(number, author) for number, author in enumerate(cited.authors, 1)]
    licence = cited.license if isinstance(cited.license, str) else "".join(cited.license[:1])
    parts = _parts(files)
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "name": cited.title or "nominima",
        "description": f"{cited.abstract or cited.title} Commit {commit.id}. {LEFT_OUT}".strip(),
        "datePublished": commit.date,
        "version": f"{cited.version} ({commit.id[:7]})".strip(),
        "author": _named(authors),
        "mainEntity": {"@id": WORKFLOW},
        "hasPart": _named(parts),
        **({"license": {"@id": f"https://spdx.org/licenses/{licence}"}} if licence else {}),
        **({"isBasedOn": {"@id": home}} if home else {}),
    }
    itself = {"@id": NAME, "@type": "CreativeWork", "conformsTo": {"@id": SPECIFICATION}, "about": {"@id": "./"}}
    around = [
        {"@id": SNAKEMAKE, "@type": "ComputerLanguage", "name": "Snakemake", "url": {"@id": SNAKEMAKE}}
        | _pinned(files),
        *(
            [{"@id": f"https://spdx.org/licenses/{licence}", "@type": "CreativeWork", "name": licence}]
            if licence
            else []
        ),
        *(
            [{"@id": home, "@type": "SoftwareSourceCode", "name": "the repository", "version": commit.id}]
            if home
            else []
        ),
    ]
    graph = [itself, root, *authors, *around, *parts]
    tree = {"@context": f"{SPECIFICATION}/context", "@graph": graph}
    return (json.dumps(tree, indent=1, ensure_ascii=False) + "\n").encode()


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _parts(files: Mapping[str, bytes]) -> list[Entity]:
    """The files that are described one by one, and the folders of all others."""
    alone = sorted(path for path in files if "/" not in path or path.startswith("reports/"))
    whole = [{"@id": quote(path), "@type": "Dataset", "name": path, **_said(path)} for path in folders(files)]
    return [*(_file(path, files[path]) for path in alone), *whole]


def folders(files: Iterable[str]) -> list[str]:
    """The folders at the top that are described as wholes: all but that of the results."""
    return sorted({f"{path.partition('/')[0]}/" for path in files if "/" in path} - {"reports/"})


def _file(path: str, content: bytes) -> Entity:
    suffix = f".{path.rpartition('.')[2]}"
    told: Entity = {
        "@id": quote(path),
        "@type": "File",
        "name": path,
        "contentSize": str(len(content)),
        "encodingFormat": FORMATS.get(suffix, "text/plain"),
        "sha256": sha256(content),
        **_said(path),
    }
    if path == WORKFLOW:
        kinds = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
        told |= {"@type": kinds, "programmingLanguage": {"@id": SNAKEMAKE}}
    return told


def _pinned(files: Mapping[str, bytes]) -> Entity:
    """The version of Snakemake that is locked."""
    found = re.search(rb"^snakemake==(\S+)", files.get("requirements.lock", b""), re.MULTILINE)
    return {"version": found[1].decode()} if found else {}


def _said(path: str) -> Entity:
    words = next((words for start, words in SAID.items() if path.startswith(start)), None)
    return {"description": words} if words else {}


def _person(number: int, author: Author) -> Entity:
    told = author.told
    kind = "Person" if author.family or author.given else "Organization"
    return {
        "@id": f"https://orcid.org/{told['ORCID']}" if "ORCID" in told else f"#author-{number}",
        "@type": kind,
        "name": told["name"],
    }


def _named(entities: list[Entity]) -> list[Entity]:
    return [{"@id": each["@id"]} for each in entities]
