"""Forge values at random depths with every record of them, and audit from the data: each is found where it begins.

`python tests/pipeline/forgeries.py --count 200 --each 40` builds the trial of tests/params.smoke.yaml, works on copies
of it and prints what it found. The tests run a short form of it on the smallest project.

A forgery is one value of one file: a number, a word, a flag, a digit, a pixel. All that records a digest of the file
follows: traces, ledgers, dvc.lock, DVC's cache, Git. So `nominima verify` finds nothing. Of the forgeries of one audit
none rests on another; each must be below `bitwise` and named in the job in which it was made.
"""

import argparse
import json
import random
import re
import shutil
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from forging import forge_all, repacked
from project import ROOT, Project, copy, lay

from nominima.ground.places import detail
from nominima.planning.plan import Plan
from nominima.planning.reader import load

Name = tuple[str, str]
DIGIT = re.compile(r"(?<=[0-9]\.)[0-9]")
TRACES = {
    ".json": re.compile(r'\n  "trace": \{.*?\n  \}', re.DOTALL),
    ".svg": re.compile(r"<metadata>.*?</metadata>", re.DOTALL),
    ".html": re.compile(r'<script[^>]*id="trace"[^>]*>.*?</script>', re.DOTALL),
}


def forged(
    project: Project, count: int, each: int, chance: random.Random, copies: Path, claim: str = ""
) -> Counter[str]:
    """Make and find so many forgeries, at most `each` in an audit; returns how many of which verb, and of audits.

    Of one claim where it is named: what it rests on is forged, and it is audited.
    """
    counted = Counter[str]()
    made_by, above = chain_of(project)
    if claim:
        asked = {("judge", claim), ("report", claim), ("report", detail(claim))}
        asked = asked.union(*(above[name] for name in asked))
        made_by = {file: name for file, name in made_by.items() if name in asked}
    while (over := counted.total() - counted["audits"]) < count:
        batch = drawn(made_by, above, min(each, count - over), chance)
        changed = copy(project.root, copies / "forged")
        forge_all(changed, {file: partial(change, file, chance) for file in batch})
        assert "everything is here and as recorded" in changed.run("nominima", "verify")
        check(changed.run("nominima", "audit", claim or "all", "--from", "data", "--json", "--no-receipt", check=False),
              batch, above)  # fmt: skip
        shutil.rmtree(changed.root)
        counted.update(["audits", *(name[0] for name in batch.values())])
        print(f"{len(batch)} forgeries found where they begin", flush=True)
    return counted


def check(output: str, batch: dict[str, Name], above: dict[Name, set[Name]]) -> None:
    """That an audit names each forgery where it begins, and nothing else but what was drawn from it."""
    assert "{\n" in output, f"the audit told nothing: {output[-2000:]}"
    found = json.loads(output[output.index("{\n") : output.rindex("}") + 1])
    grades = {file["path"]: file["grade"] for job in found["jobs"].values() for file in job["files"]}
    begins = {each["job"]: each["files"] for each in found["begins"]}
    for file, name in batch.items():
        assert grades[file] not in ("bitwise", "not recomputed"), f"{file} is forged, and {grades[file]}"
        assert file in begins.get(" ".join(name), []), f"{file} is forged, and not named in {' '.join(name)}"
    innocent = {name for name in above if " ".join(name) in begins} - set(batch.values())
    odd = {name for name in innocent if name[0] != "report" or not above[name] & set(batch.values())}
    assert not odd, f"{odd}: named, though nothing was forged there"


def chain_of(project: Project) -> tuple[dict[str, Name], dict[Name, set[Name]]]:
    """File → the job that makes it; job → all jobs that it rests on."""
    plan = Plan(load(project.root / "params.yaml")).by_verb
    jobs = {(verb, name): job for verb in plan for name, job in plan[verb].items()}
    makers = {file: name for name, job in jobs.items() for file in job.outputs}
    found: dict[Name, set[Name]] = {}

    def of(name: Name) -> set[Name]:
        if name not in found:
            direct = {makers[file] for file in jobs[name].inputs if file in makers} - {name}
            found[name] = direct.union(*map(of, direct))
        return found[name]

    return makers, {name: of(name) for name in jobs}


def drawn(made: dict[str, Name], above: dict[Name, set[Name]], most: int, chance: random.Random) -> dict[str, Name]:
    """Files by lot, of which none is made from another, and the jobs that make them; those of one verb come first.

    Else a figure would nearly always be among them, and nothing that it is made of.
    """
    found = dict[str, Name]()
    verb = chance.choice(sorted({verb for verb, _ in made.values()}))
    for file in sorted(chance.sample(sorted(made), len(made)), key=lambda file: made[file][0] != verb):
        name = made[file]
        if not any(name in above[other] or other in above[name] for other in found.values()):
            found[file] = name
        if len(found) == most:
            break
    return found


def change(file: str, chance: random.Random, held: Any) -> None:
    """Change one value of a file, in place, as `forging` hands it over."""
    if isinstance(held, Path) and held.suffix == ".png":
        repacked(held, held, partial(_other_byte, chance))
    elif isinstance(held, Path):
        _other_text(held, chance)
    elif isinstance(held, list):
        held[1:] = _other_digit("\n".join(held[1:]), chance).split("\n")
    elif file.endswith(".json"):
        trace = held.pop("trace")
        held.update(json.loads(_other_digit(json.dumps(held), chance)) | {"trace": trace})
    else:
        name = chance.choice([name for name, values in held.items() if len(np.ravel(values))])
        held[name] = _other_value(held[name], chance)


def _other_text(path: Path, chance: random.Random) -> None:
    """A chart, an SVG or a page with another digit somewhere outside its trace."""
    text = path.read_text()
    hidden = TRACES[path.suffix].search(text)
    assert hidden, f"{path} has no trace"
    at = chance.choice(
        [found.start() for found in DIGIT.finditer(text) if not hidden.start() < found.start() < hidden.end()]
    )
    path.write_text(text[:at] + _other_digit(f"0.{text[at]}", chance)[-1] + text[at + 1 :])


def _other_digit(text: str, chance: random.Random) -> str:
    """A text with another first digit after some point; with another letter where it has none."""
    places = list(DIGIT.finditer(text)) or list(re.finditer("[a-z]", text))
    at = chance.choice(places).start()
    return text[:at] + chance.choice([each for each in "0123456789" if each != text[at]]) + text[at + 1 :]


def _other_byte(chance: random.Random, rows: bytearray, wide: int) -> None:
    """Another colour of a pixel; what stands first in a row is no pixel."""
    at = chance.randrange(len(rows) // wide) * wide + chance.randrange(1, wide)
    rows[at] ^= 1 << chance.randrange(8)


def _other_value(values: Any, chance: random.Random) -> Any:
    """An array or a column with another value somewhere."""
    array = values.copy() if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    at = chance.randrange(array.size)
    old = array.flat[at]
    if isinstance(old, str):
        array.flat[at] = f"{old}x"
    elif isinstance(old, bool | np.bool_):
        array.flat[at] = not old
    elif isinstance(old, int | np.integer):
        array.flat[at] = old ^ 1
    else:
        array.flat[at] = 0.5 if old is None else old + 1e-3 * (1 + abs(old))
    return array if isinstance(values, np.ndarray) else array.tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--each", type=int, default=40, help="at most so many in an audit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--built", type=Path, help="a built, committed project to copy instead of building one")
    given = parser.parse_args()
    work = Path(tempfile.mkdtemp())
    try:
        built = Project(given.built) if given.built else whole(work / "built")
        print(dict(forged(built, given.count, given.each, random.Random(given.seed), work)))
    finally:
        shutil.rmtree(work)


def whole(root: Path) -> Project:
    """The trial of all claims on tiny data, built, recorded and committed."""
    project = lay(root, ROOT / "tests/params.smoke.yaml")
    project.snakemake()
    project.run("dvc", "repro")
    project.commit()
    return project


if __name__ == "__main__":
    main()
