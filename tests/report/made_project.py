"""A hand-made project: verdicts, figures and ledgers in a folder, and the page of them."""

import html
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from made_verdicts import scoreboard, verdict, words

from nominima.ground.files import digest, write
from nominima.ground.places import VERBS, dataset, detail, figure, ledger, table
from nominima.ground.places import verdict as verdict_at
from nominima.judging.record import Verdict, write_judged
from nominima.judging.words import Words
from nominima.planning import digests
from nominima.tracing.artefact import embed
from nominima.tracing.job import Work
from nominima.tracing.ledger import compose
from nominima.tracing.trace import Trace
from nominima.verbs import page

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="470" height="300"><rect width="9" height="9"/></svg>'
HOSTILE = "</script></title><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}\"'"
MACHINE = {"python": "3.11.7", "processor": "x86_64 avx2"}
SWEPT = {"size": (4, 16), "noise": (0.0, 0.2)}


def trace(verb: str, spec: dict[str, Any], inputs: dict[str, str] | None = None) -> Trace:
    return Trace(verb=verb, spec=spec, code=f"{verb}@{'c0de' * 8}", inputs=inputs or {}, environment=MACHINE)


def trainings() -> dict[str, dict[str, Any]]:
    shared = {"dataset": "mnist1d", "rate": 0.001, "optimizer_options": {"beta1": 0.9}}
    return {
        f"sizes/{noise}.w{size}": shared | {"size": size, "noise": noise}
        for size in SWEPT["size"]
        for noise in SWEPT["noise"]
    }


def write_ledgers(claims: list[str]) -> dict[str, str]:
    """The four ledgers; returns the measurements, path → digest."""
    data, runs = {dataset("mnist1d"): "d" * 64}, trainings()
    prepared = {"mnist1d": trace("prepare", {"dataset": "mnist1d", "source": "mnist1d", "options": {"seed": 1}})}
    trained = {name: trace("train", {"run": {"training": values}}, data) for name, values in runs.items()}
    records = {name: {f"data/runs/{name}/metrics.parquet": "e" * 64} for name in runs}
    tables = {name: {table(f"runs/{name}", "norms"): "f" * 64} for name in runs}
    asked = {"norms": {"points": 25}}
    measured = {f"runs/{name}": trace("measure", {"measures": asked}, records[name]) for name in runs}
    judged = {name: trace("judge", {"claim": name}, {path: "f" * 64 for each in tables.values() for path in each})
              for name in claims}  # fmt: skip
    verdicts = {name: {verdict_at(name): digest(Path(verdict_at(name)))} for name in claims}
    for verb, traces, outputs in (
        ("prepare", prepared, {"mnist1d": data}),
        ("train", trained, records),
        ("measure", measured, {f"runs/{name}": files for name, files in tables.items()}),
        ("judge", judged, verdicts),
    ):
        write(Path(ledger(verb)), compose(verb, traces, outputs).dumps())
    return {path: value for files in tables.values() for path, value in files.items()}


def make(
    folder: Path, verdicts: dict[str, Verdict], claims: dict[str, Words] | None = None, picture: bytes = SVG
) -> Path:
    """The page of hand-made verdicts with a picture for all, in `folder`; the claims' own words are hand-made too."""
    told = claims or {}
    with within(folder), shelved({name: told.get(name, words()) for name in verdicts}):
        for name, each in verdicts.items():
            write_judged(Path(verdict_at(name)), each, trace("judge", {"claim": name}))
        write_judged(Path(verdict_at("scoreboard")), scoreboard(*verdicts.values()), trace("judge", {"claims": []}))
        measurements = write_ledgers(list(verdicts))
        for name in [*verdicts, "scoreboard"]:
            inputs = {verdict_at(name): digest(Path(verdict_at(name)))} | (measurements if name in verdicts else {})
            drawn = embed(picture, "svg", trace("report", {"figure": name}, inputs))
            write(Path(figure(name, "svg")), drawn)
            write(Path(figure(detail(name), "svg")), drawn)
        inputs = [Path(ledger(verb)) for verb in VERBS[:-1]]
        task = Work(
            "report",
            {"claims": sorted(verdicts)},
            digests.code("verbs.page", "verbs/page.html"),
            inputs,
            [Path("reports/index.html")],
        )
        page.page(task)
    return folder / "reports/index.html"


@contextmanager
def within(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def shelved(claims: dict[str, Words]) -> Iterator[None]:
    """Hand-made words in the place of the shelf's."""
    real = page.of_claim
    page.of_claim = claims.__getitem__
    try:
        yield
    finally:
        page.of_claim = real


def ordinary() -> dict[str, Verdict]:
    return {"c0a_bigger_is_better": verdict()}


def text(told: str) -> str:
    """What a person reads: tags taken away, entities resolved, spaces as one."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", told, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())
