"""Kill a real build at random moments, and flip random bits of all that is tracked or stored.

`python tests/pipeline/endurance.py --kills 100 --flips 1000` builds the smallest project once, works on copies of it
and prints what it found. The tests run a short form of it.

After every kill, whatever lies under a result's name is whole; after the last, a plain rerun on one core leaves the
bytes of an undisturbed one on all cores. Every flip is named by `nominima verify` or by `git status`.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from project import Project, build, copy, flip

from nominima.ground.files import digest
from nominima.ground.places import MADE_BY, VERBS, killed, ledger
from nominima.tracing.seen import read_seen

TOGETHER = 20  # flips in files that only DVC keeps, looked for by one `verify`
STARTS = 4  # the latest moment of a kill, in starts of Snakemake that do nothing


def results(root: Path) -> dict[str, str]:
    """Digest of every file that the pipeline made, its ledgers included."""
    folders = [*MADE_BY, "reports/ledger/"]
    files = [path for name in folders for path in [root / name, *(root / name).rglob("*")] if path.is_file()]
    return {path.relative_to(root).as_posix(): digest(path) for path in files if path.name != ".gitignore"}


def kill(project: Project, kills: int, chance: random.Random) -> Counter[str]:
    """Build from nothing under kills, every other one aimed at a seal, as often as it takes; compare after each build.

    What is left to do after the last kill is done on one core.
    """
    started = time.monotonic()
    project.snakemake("--dry-run")
    longest = STARTS * (time.monotonic() - started)
    undisturbed, counted = results(project.root), Counter[str]()
    while counted["kills"] < kills:
        for name in undisturbed:
            (project.root / name).unlink()
        while counted["kills"] < kills and results(project.root) != undisturbed:
            counted["kills"] += 1
            counted["in a seal"] += _killed_once(project, counted["kills"] % 2 == 0, longest, chance)
            for name in results(project.root):
                whole = killed(name) or name.startswith("reports/ledger/") or read_seen(project.root / name).key
                assert whole, f"{name} is no whole file after a kill"
        project.run("snakemake", "--unlock")
        project.run("snakemake", "--cores", "1")
        assert results(project.root) == undisturbed, "a rerun after kills does not give the bytes of an undisturbed one"
        counted["builds, the same bytes in the end"] += 1
        tell(counted)
    return counted


def _killed_once(project: Project, in_seal: bool, longest: float, chance: random.Random) -> bool:
    """Start Snakemake and kill it with all its jobs; returns whether a seal was running."""
    with project.start("snakemake", "--cores", "all", "--nolock") as running:
        started, wait = time.monotonic(), chance.uniform(0, longest)
        while in_seal and running.poll() is None and not _sealing(running.pid):
            time.sleep(0.02)
            started, wait = time.monotonic(), chance.uniform(0, 1)
        while running.poll() is None and time.monotonic() < started + wait:
            time.sleep(0.02)
        sealing = _sealing(running.pid)
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
    return sealing


def _sealing(group: int) -> bool:
    """Whether a process of this group writes a ledger."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) == group and b"nominima.verbs.seal" in (process / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False


def flips(project: Project, count: int, chance: random.Random) -> Counter[str]:
    """Flip bits in files tracked by Git, in results and in DVC's cache, and count who names them."""
    tracked = set(project.run("git", "ls-files").splitlines()[:-1]) - {""}
    stored = {path for folder in ("data", ".dvc/cache/files") for path in _below(project.root, folder)} - tracked
    stored.add("reports/index.html")
    assert not _named(project), "the project is not sound to begin with"
    chosen = [chance.choice(sorted(chance.choice((tracked, stored)))) for _ in range(count)]
    counted = Counter[str]()
    for name in (name for name in chosen if name in tracked):
        with flipped(project, [name], chance):
            assert name in project.run("git", "status", "--porcelain"), f"a bit flipped in {name} is named by nobody"
            counted["named by git status"] += 1
    only = [name for name in chosen if name in stored]
    for at in range(0, len(only), TOGETHER):
        counted["named by verify alone"] += _verified(project, list(dict.fromkeys(only[at : at + TOGETHER])), chance)
    return counted


def records(project: Project, count: int, chance: random.Random) -> Counter[str]:
    """Flip bits in ledgers and dvc.lock; one that changes no value, `1e-5` to `1E-5`, is left to `git status`."""
    counted = Counter[str]()
    for _ in range(count):
        name = chance.choice(["dvc.lock", *map(ledger, VERBS)])
        with flipped(project, [name], chance):
            by_verify = bool(_named(project))
            assert by_verify or name in project.run("git", "status", "--porcelain"), f"a flip in {name} is not named"
            counted["in records, named by verify" if by_verify else "in records, named by git status"] += 1
    return counted


def _verified(project: Project, names: list[str], chance: random.Random) -> int:
    with flipped(project, names, chance):
        named = _named(project)
        lost = [name for name in names if name not in named]
        assert not lost, f"bits flipped in {', '.join(lost)} are named by nobody"
    return len(names)


def _named(project: Project) -> set[str]:
    """What `verify` names; where it cannot read what it must, the file that it says so of."""
    told = project.run("nominima", "verify", "--json", check=False).rpartition("\nexit code")[0]
    try:
        report = json.loads(told)
    except ValueError:
        return {name for name in ("params.yaml", "dvc.lock") if name in told}
    return {finding["path"] for finding in report["findings"]} | set(report["missing"])


class flipped:  # noqa: N801 - a context, read like a word
    """Files with one bit changed each, put back afterwards."""

    def __init__(self, project: Project, names: list[str], chance: random.Random) -> None:
        self.files = [project.root / name for name in names]
        self.before = [file.read_bytes() for file in self.files]
        self.chance = chance

    def __enter__(self) -> None:
        for file, content in zip(self.files, self.before, strict=True):
            if content:
                flip(file, self.chance.randrange(len(content)), 1 << self.chance.randrange(8))

    def __exit__(self, *_: object) -> None:
        for file, content in zip(self.files, self.before, strict=True):
            file.write_bytes(content)


def _below(root: Path, folder: str) -> Iterator[str]:
    yield from (path.relative_to(root).as_posix() for path in (root / folder).rglob("*") if path.is_file())


def tell(counted: Counter[str]) -> None:
    """Print what was counted so far."""
    print(", ".join(f"{count} {name}" for name, count in counted.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--built", type=Path, help="a built, committed project to copy instead of building one")
    given = parser.parse_args()
    chance, work = random.Random(given.seed), Path(tempfile.mkdtemp())
    try:
        built = given.built or build(work / "built")
        flipping = copy(built, work / "flips")
        tell(flips(flipping, given.flips, chance))
        tell(records(flipping, given.flips // 10, chance))
        kill(copy(built, work / "kills"), given.kills, chance)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
