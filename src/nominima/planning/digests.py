"""The digest of all that a job executes, and the pinned versions of the libraries that it imports."""

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from nominima.ground.files import Refusal, digest, write
from nominima.planning.module import module
from nominima.planning.reach import Closure, Statement, closure
from nominima.planning.syntax import form, without
from nominima.planning.uses import uses
from nominima.planning.workplace import VARIABLES, WITHOUT, commands

SOURCE = Path(__file__).parents[1]
IMPORTED_AS = {
    "scikit-learn": "sklearn", "pypng": "png", "ruamel-yaml": "ruamel", "vl-convert-python": "vl_convert",
    "fonttools": "fontTools",
}  # fmt: skip
COMPUTES_WITH = {"mnist1d": ("numpy", "scipy"), "sklearn": ("numpy", "scipy"), "scipy": ("numpy",)}
MEMORY = ".snakemake/digests.json"

_taken: dict[tuple[Path, tuple[str, ...]], str] = {}
"""(source, roots) → digest: many jobs of a plan run the same code."""
_before: dict[Path, str] = {}
"""source → what its files were before any digest of it was taken."""


def code(*roots: str, source: Path = SOURCE) -> str:
    """`roots@digest` of all that the roots can execute, and of what their jobs are started with.

    A root is a definition (`verbs.train:train`), a module as a whole (`verbs.seal`), the words of one
    (`claims.c1a_random_points:__doc__`) or a shipped file (`verbs/page.html`), named without the package. Counted are:
    the definitions that it can reach and the statements that importing them runs (planning.reach), the locked versions
    of the libraries that these use, the commands of the verb's rules, and the environment that the workflow sets.
    Comments, formatting, docstrings and messages do not count, nor does the version of Python. `source` is the folder
    of the package, in src/ of a checkout.
    """
    if (source, roots) not in _taken:
        _taken[source, roots] = _digest(source, roots)
    return _taken[source, roots]


def recall(source: Path = SOURCE) -> None:
    """Take over what an earlier process kept, if it looked at the very same files: their content decides, no date."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, Refusal):
        _before[source] = _files(source)
        kept = json.loads((source.parent.parent / MEMORY).read_bytes())
        if kept["of"] == _seal(_before[source], kept["digests"]):
            _taken.update({(source, tuple(told.partition("@")[0].split("+"))): told for told in kept["digests"]})


def keep(source: Path = SOURCE) -> None:
    """Leave all that was taken since `recall` to later processes, unless a file was edited in between.

    That this fails changes nothing but the time that they take.
    """
    with suppress(OSError, ValueError, Refusal):
        if _before.get(source) != _files(source):
            return
        told = sorted(its for (folder, _), its in _taken.items() if folder == source)
        content = json.dumps({"of": _seal(_before[source], told), "digests": told}).encode()
        path = source.parent.parent / MEMORY
        if not path.exists() or path.read_bytes() != content:
            write(path, content)


def _files(source: Path) -> str:
    """SHA-256 of every file that digests rest on, the source that takes them included.

    Raises:
        ValueError: a name is no text, or something is a link, behind which files would not be seen.
    """
    top = source.parent.parent
    shipped = [file for file in source.rglob("*") if file.suffix != ".pyc"]
    files = [*shipped, *top.glob("requirements*.lock"), *(top / "workflow/rules").glob("*.smk")]
    if any(file.is_symlink() for file in files):
        raise ValueError("links are not followed")
    each = {str(file.relative_to(top)): digest(file) for file in sorted(files) if file.is_file()}
    return hashlib.sha256(json.dumps(each, ensure_ascii=False).encode()).hexdigest()


def _seal(files: str, told: list[str]) -> str:
    return hashlib.sha256("\n".join([files, *told]).encode()).hexdigest()


def changed(recorded: str) -> bool:
    """Whether the source behind a code digest is not what it was when the digest was taken."""
    return code(*recorded.partition("@")[0].split("+")) != recorded


def definitions(*roots: str, without: Iterable[str] = (), source: Path = SOURCE) -> str:
    """SHA-256 of the definitions that the roots can execute, some rooms of the package left out, and nothing else."""
    found, left_out = _closure(source, roots), set(without)
    found.statements = {place for place in found.statements if place.module.partition(".")[0] not in left_out}
    return hashlib.sha256("\n".join(_told(source, found)).encode()).hexdigest()


def moved(*roots: str, other: Path, source: Path = SOURCE) -> set[str]:
    """What of all that the roots can execute differs between two sources: modules, libraries, `workflow/rules`."""
    lines = set(_lines(source, roots)) ^ set(_lines(other, roots))
    return {"workflow/rules" if line.startswith("[") else re.split("==|:", line)[0] for line in lines}


def _digest(source: Path, roots: tuple[str, ...]) -> str:
    told = "\n".join(_lines(source, roots))
    return f"{'+'.join(roots)}@{hashlib.sha256(told.encode()).hexdigest()[:32]}"


def _lines(source: Path, roots: tuple[str, ...]) -> list[str]:
    """All that a digest is taken of: definitions, libraries, and last what jobs are started with."""
    found = _closure(source, roots)
    top = source.parent.parent
    libraries = found.libraries | {each for name in found.libraries for each in COMPUTES_WITH.get(name, ())}
    versions = [f"{name}=={version}" for name, version in sorted(locked(top).items()) if name in libraries]
    verbs = sorted({root.removeprefix("verbs.").partition(":")[0] for root in roots if root.startswith("verbs.")})
    started = [command for verb in verbs for command in commands(top / "workflow/rules", verb)]
    given = json.dumps([started, VARIABLES, WITHOUT] if verbs else [], sort_keys=True)
    return [*_told(source, found), *versions, given]


def _closure(source: Path, roots: tuple[str, ...]) -> Closure:
    files = [root for root in roots if "/" in root]
    names = [root.partition(":") for root in roots if "/" not in root]
    found = closure(source, [(name, definition) for name, _, definition in names])
    found.files |= {source / file for file in files}
    return found


def _told(source: Path, found: Closure) -> list[str]:
    """A line for each definition; the text of a Refusal counts where something in the closure can read it."""
    messages = any(uses(source, *place).catches for place in found.statements)
    lines = sorted(_line(source, place, messages, place not in found.quiet) for place in found.statements)
    docs = [f"{name}:{json.dumps(module(source, name).doc)}" for name in sorted(found.docs)]
    files = [
        f"{file.relative_to(source)}:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in sorted(found.files)
    ]
    return [*lines, *docs, *files]


@cache
def _line(source: Path, place: Statement, messages: bool, words: bool) -> str:
    """A statement, and which imports give its names their meaning; its rank among those that bind the same names."""
    at, optional = module(source, place.module), module(source, place.module).optional(place.number)
    node = optional[place.field] if place.field else without(at.statements[place.number], optional)
    bound = at.bound(place.number)
    rank = sum(at.bound(each) & bound != set() or not bound for each in range(place.number))
    told = [form(node, messages, words), *uses(source, *place).bindings]
    return f"{place.module}:{rank}:{hashlib.sha256(chr(10).join(told).encode()).hexdigest()}"


@cache
def pins(top: Path = SOURCE.parent.parent) -> dict[str, tuple[str, ...]]:
    """Distribution → versions pinned in the lock files (several where they differ by platform); empty without them."""
    found: dict[str, set[str]] = {}
    for lock in top.glob("requirements*.lock"):
        for name, pin in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;+\\]+)", lock.read_text(), re.MULTILINE):
            found.setdefault(name, set()).add(pin)
    return {name: tuple(sorted(versions)) for name, versions in found.items()}


@cache
def locked(top: Path = SOURCE.parent.parent) -> dict[str, str]:
    """Import name → pinned versions."""
    return {IMPORTED_AS.get(name, name.replace("-", "_")): " or ".join(pin) for name, pin in pins(top).items()}
