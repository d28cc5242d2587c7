"""What `nominima calibrate` does, which is no job: decide every claim where the truth is known."""

import io
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from nominima.ground import places
from nominima.ground.files import Refusal, write
from nominima.judging import evidence
from nominima.judging.calibration import Calibrated
from nominima.judging.calibration import calibrate as simulated
from nominima.judging.evidence import Missing
from nominima.judging.parts import narrowed
from nominima.judging.spread import PLACED, file_of, read_spread, taken, write_spread
from nominima.planning import shelf

TABLE = Path("docs/calibration.csv")


def calibrate(
    claims: Mapping[str, list[str]], draws: int, seed: int, cores: int, explored: Path | None = None
) -> Iterator[Calibrated]:
    """Simulate claims on the measurements of the project here, as they are ready.

    Args:
        claims: claim → files of its measurements, from which cells and numbers of seeds are taken.
        draws: of each truth.
        seed: of the draws.
        cores: claims at once.
        explored: folder with the numbers of an exploratory run (`reports/evidence` there); its spread of seeds is kept
            in docs/calibration. Without it the spread that is kept there is drawn from; a claim of which none is kept
            is not simulated.

    Raises:
        Refusal: a measurement or the exploratory numbers are missing or damaged, or the spread that is kept is damaged.
    """
    work = partial(_claim, draws=draws, seed=seed, explored=explored)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, claims, claims.values())


def write_table(rows: Iterable[Calibrated]) -> None:
    """Keep what was found, a line for each claim."""
    table = pl.DataFrame([row.model_dump() for row in rows], infer_schema_length=None)
    write(TABLE, table.write_csv().encode())


def read_table(path: Path = TABLE) -> list[Calibrated]:
    """What was found last; nothing if nothing was."""
    if not path.exists():
        return []
    table = pl.read_csv(io.BytesIO(path.read_bytes()), infer_schema=False)
    texts = ("claim", "seeds", "spread", "note")
    rows = [{name: value or "" if name in texts else value for name, value in row.items()} for row in table.to_dicts()]
    return [Calibrated.model_validate(row, strict=False) for row in rows]


def _claim(claim: str, inputs: list[str], draws: int, seed: int, explored: Path | None) -> Calibrated:
    module = shelf.load("claims", claim)
    absent = next((name for name in inputs if not Path(name).exists()), None)
    if absent:
        raise Refusal(f"{absent}: cells and seeds of {claim} are read from the measurements; run `snakemake --cores "
                      "all` or `dvc pull`")  # fmt: skip
    try:
        findings = narrowed(module.judge(evidence.load([Path(name) for name in inputs])))
    except Missing as lack:
        return Calibrated(claim=claim, cells=0, of=0, note=str(lack))
    if explored:
        numbers = evidence.read_numbers(explored / Path(places.evidence(claim)).name)
        write_spread(file_of(claim), taken(findings, numbers))
    at, kept = getattr(module, "POWER_AT", None), file_of(claim)
    spread = read_spread(kept) if kept.exists() else pl.DataFrame(schema=dict.fromkeys(PLACED, pl.String))
    return simulated(claim, findings, spread, draws, seed, at)
