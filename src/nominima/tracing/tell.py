"""What `trace` and `verify` found, told to people in 80 columns and to programs as JSON."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath
from shlex import quote
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nominima.ground.files import Refusal
from nominima.ground.texts import canonical, printable
from nominima.tracing.store import cache
from nominima.tracing.trace import compared, flat
from nominima.tracing.verify import BUILD, Report
from nominima.tracing.walk import Ancestor, Walk

FEW, MANY = 5, 16  # names, values or files, and parameters, shown of a longer list
RUN = ("run.", "lanes.")  # of a measurement: what `train` shows already
MARKS = {"recorded": "✔", "uncommitted": "!", "altered": "✘", "claimed": "?", "unknown": "?"}
COLOURS = {"recorded": "green", "uncommitted": "yellow"}


def show(walk: Walk, console: Console) -> None:
    """Print a walk: how far the file is confirmed, every step back with its parameters, how to get it all back."""
    if walk.file:
        console.print(text(str(walk.file), "bold"), soft_wrap=True)
    colour = COLOURS.get(walk.standing, "red")
    console.print(_grid([(text(MARKS[walk.standing], colour), text(walk.told, colour))]))
    console.print(_grid([(text(f"{name:<9}", "cyan"), text(told)) for name, told in _facts(walk)]))
    for verb, steps in groupby(walk.steps, key=lambda step: step.verb):
        console.print(text(["", verb], "bold"))
        console.print(_grid([(text(f"  {name}", "cyan"), text(told)) for name, told in _told(list(steps), walk)]))
    rest = list(_rest(walk))
    if rest:
        console.print(text(["", "all of it"] if walk.steps else "", "bold"))
        console.print(_grid([(text(f"  {name}", "cyan"), text(told)) for name, told in rest]))
    for note in walk.notes:
        console.print(text(["", f"note: {note}"], "yellow"))
    if commands(walk):
        console.print(text(["", "to have it back"], "bold"))
    for command in commands(walk):
        console.print(text(f"  {command}"), soft_wrap=True)


def tree(walk: Walk) -> dict[str, Any]:
    """A walk as plain objects for JSON, every step in full."""
    return {
        "file": walk.file and str(walk.file),
        "digest": walk.digest,
        "standing": walk.standing,
        "told": walk.told,
        "recorded_as": walk.path,
        "trace": walk.trace and walk.trace.key,
        "commit": walk.commit and walk.commit._asdict(),
        "current": walk.current,
        "since": walk.since,
        "source": walk.check and walk.check._asdict(),
        "kept": walk.kept,
        "audited": walk.audited,
        "steps": [_step(step) for step in walk.steps],
        "raw": walk.raw,
        "missing": walk.missing,
        "commands": commands(walk),
        "notes": walk.notes,
    }


def audit(report: Report, console: Console) -> None:
    """Print what differs, with what mends it, and what is missing."""
    for finding in report.findings:
        console.print(text(f"✘ {finding.path}", "red"), soft_wrap=True)
        rows = [("expected", finding.expected), ("found", finding.found), ("mend", finding.remedy)]
        console.print(_grid([(text(f"  {name}", "cyan"), text(told)) for name, told in rows]))
    if report.missing:
        told = f"{len(report.missing)} recorded files are not here: {few(report.missing)}"
        console.print(_grid([(text("!", "yellow"), text(told)), (Text(" "), text(BUILD))]))
    for note in report.notes:
        console.print(text(f"note: {note}"))
    console.print(text(report.unseen, "dim"))
    size = f"{report.files} files, {report.bytes / 1e6:.1f} MB hashed"
    sound = "everything is here and as recorded" if not report.missing else "what is here is as recorded"
    count = len(report.findings)
    told = f"{count} differ{'s' * (count == 1)} from what is recorded" if count else sound
    console.print(text(f"{size}: {told}", "red" if report.findings else "green"))


def audit_tree(report: Report) -> dict[str, Any]:
    """The same as plain objects for JSON."""
    return report._asdict() | {"findings": [finding._asdict() for finding in report.findings]}


def commands(walk: Walk) -> list[str]:
    """Shell commands that bring back, or make again, what the walk found."""
    if walk.commit is None or walk.root is None:
        return []
    root, name = quote(str(walk.root)), walk.commit.id
    aside = quote(f"{walk.root}-{name[:7]}")
    made = walk.path or next(iter(walk.steps[0].outputs))
    copy = quote(f"{name[:7]}-{PurePosixPath(made).name}")
    shown = f"git -C {root} show {name[:12]}:{quote(f'./{made}')} > {copy}  # its bytes, out of Git"
    pulled = "dvc pull  # where a remote is set: neither Git nor this DVC cache has its bytes"
    return [
        *([shown] if walk.kept == "git" else []),
        f"git -C {root} worktree add {aside} {name[:12]} && cd {aside}",
        pulled if walk.kept == "gone" else _cached(walk.root),
        f"snakemake --cores all {quote(made)}  # or made again, by the source of that commit",
    ]


def _cached(root: Path) -> str:
    """What gives another checkout this one's cache; where DVC's configuration cannot be read, DVC says so."""
    try:
        place = cache(root)
    except Refusal:
        place = root / ".dvc/cache"
    return f"dvc cache dir --local {quote(str(place))} && dvc checkout  # as recorded"


def _step(step: Ancestor) -> dict[str, Any]:
    where = {"verb": step.verb, "job": step.job, "commit": step.commit, "outputs": step.outputs}
    return where | step.trace.model_dump() | {"trace": step.trace.key}


def _facts(walk: Walk) -> Iterator[tuple[str, str]]:
    """The summary that leads a walk."""
    if trained := _trained([step.trace.spec for step in walk.steps if step.verb == "train"]):
        yield "trained", trained
    if walk.path and walk.path != str(walk.file):
        yield "file", walk.path
    if walk.commit:
        now = "still so at HEAD" if walk.current else "not so at HEAD"
        yield "commit", f"{walk.commit.id[:12]} of {walk.commit.date}: {walk.commit.subject} ({now})"
    if walk.trace:
        yield "code", walk.trace.key
    if walk.digest:
        yield "SHA-256", walk.digest
    if walk.audited:
        yield "audited", walk.audited


def _trained(specs: list[dict[str, Any]]) -> str:
    """What was trained, in a line: families with their sizes, data sets, optimizers, seeds; empty where nothing was."""
    try:
        told = [spec["run"]["training"] for spec in specs]
        networks = sum(each["seeds"] * len(spec.get("lanes", [""])) for each, spec in zip(told, specs, strict=True))
        sizes = {each["model"]: sorted({its["size"] for its in told if its["model"] == each["model"]}) for each in told}
        data, optimizers = (sorted({str(each[key]) for each in told}) for key in ("dataset", "optimizer"))
        spans = {(each["first_seed"], each["first_seed"] + each["seeds"] - 1) for each in told}
    except (LookupError, TypeError, AttributeError):  # of another form, in a file that nobody recorded
        return ""
    widest = [a for a in sorted(spans) if not any(b != a and b[0] <= a[0] and a[1] <= b[1] for b in spans)]
    families = "; ".join(f"{model} of size {few(map(str, its), MANY)}" for model, its in sorted(sizes.items()))
    seeds = few(f"{first}–{last}" for first, last in widest)
    found = f"{networks} networks: {families}; on {few(data)}; {few(optimizers)}; seeds {seeds}"
    return found if specs else ""


def _told(steps: list[Ancestor], walk: Walk) -> Iterator[tuple[str, str | list[str]]]:
    """Jobs of one verb: their names, files and code, what their parameters have in common and where they differ."""
    names = [step.job for step in steps if step.job]
    yield "jobs", few(names)
    yield "files", few(path for step in steps for path in step.outputs)
    specs = [flat(step.trace.spec) for step in steps]
    if steps[0].verb == "measure" and any(step.verb == "train" for step in walk.steps):
        specs = [{key: value for key, value in spec.items() if not key.startswith(RUN)} for spec in specs]
    alike, differing = compared(specs)
    yield "with", few((f"{_short_key(key)} {_worded(key, told)}" for key, told in alike.items() if told != "[]"), MANY)
    told = {key: [_worded(key, value) for value in values] for key, values in differing.items() if values != names}
    yield "varying", [f"{_short_key(key)}: {few(values)}" for key, values in told.items()]
    yield "source", few(sorted({_short(step.trace.code) for step in steps}))
    elsewhere = {step.commit for step in steps if step.commit} - {walk.commit and walk.commit.id}
    if elsewhere:
        yield "commit", few(sorted(name[:12] for name in elsewhere if name))


def _worded(key: str, told: str) -> str:
    """A leaf of a spec as people read it: of the lanes of a stack, what each has of its own, as `noisy (noise 0.3)`."""
    if key != "lanes":
        return told
    try:
        lanes = {each["variant"]: flat(each["training"]) for each in json.loads(told)}
    except (ValueError, LookupError, TypeError, AttributeError):  # of another form, in a file that nobody recorded
        return told
    own = {name: ", ".join(f"{knob} {value}" for knob, value in its.items()) for name, its in lanes.items()}
    return " + ".join(f"{name} ({knobs})" for name, knobs in own.items())


def _short_key(key: str) -> str:
    return key.removeprefix("run.").removeprefix("training.")


def _short(code: str) -> str:
    """`train+models.mlp@0123456789ab`: what was started, with the start of the digest of all it can reach."""
    modules, at, made = code.partition("@")
    first, *others = modules.split("+")
    told = modules if len(others) <= 2 else f"{first} and {len(others)} more"
    return f"{told}{at}{made[:12]}" if at else code


def _rest(walk: Walk) -> Iterator[tuple[str, str | list[str]]]:
    """What all steps share: raw data, machine and source; and what could not be found."""
    raw = [f"{path}, SHA-256 {made}" for path, made in walk.raw.items() if path.startswith("data/raw/")]
    yield from (("raw", told) for told in raw[:FEW])
    if len(raw) > FEW:
        yield "raw", f"… and {len(raw) - FEW} more: `--json` lists them"
    for environment in {canonical(step.trace.environment): step.trace.environment for step in walk.steps}.values():
        yield "made by", ", ".join(f"{name} {told}" for name, told in environment.items())
    if walk.since:
        yield "since", [*walk.since[:FEW], *(["…"] if len(walk.since) > FEW else [])]
    if walk.check:
        yield "source", [walk.check.told, *walk.check.differing[:FEW]]
    if walk.missing:
        yield "missing", f"no ledger lists {few(sorted(walk.missing))}"


def few(names: Iterable[str], most: int = FEW) -> str:
    """Names in a row, of many the first, the last and how many."""
    told = list(names)
    if len(told) <= most:
        return ", ".join(told)
    return f"{', '.join(told[: most - 2])}, … {told[-1]} ({len(told)} in all)"


def _grid(rows: Iterable[tuple[Text, Text]]) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, told in rows:
        if told.plain:
            grid.add_row(name, told)
    return grid


def text(told: str | list[str], style: str = "") -> Text:
    """One line, or several, as they stand: neither markup nor terminal codes nor line ends of a name take effect."""
    lines = [told] if isinstance(told, str) else told
    return Text("\n".join(map(printable, lines)), style=style)
