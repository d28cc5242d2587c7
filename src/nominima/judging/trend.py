"""Whether a claim becomes truer with size: Kendall's τ_b of each seed, over sizes and then over cells."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
import scipy

from nominima.ground.texts import number
from nominima.judging.intervals import FEWEST, FEWEST_EQUAL, NOTHING, Floats, student
from nominima.judging.lanes import conditions
from nominima.judging.parts import Condition, Findings, Part, View, each_condition, of_condition
from nominima.judging.record import Growth, Trend, Truer, Turn
from nominima.judging.rules import FEWEST_SEEDS
from nominima.planning.knobs import KNOBS

STEADY = 0.3  # |τ_b| from which a trend counts, and below which there is none
LEVEL, FLAT_LEVEL = 0.99, 0.95
SIGNIFICANT = 0.01
MOST_LOST = 0.2
SIZES, SIZES_TO_DIFFER = 3, 4
PLACED = ("size", "seed", "value", "status")
NO_RECORD = pl.DataFrame(schema=dict.fromkeys(("cell", "decides", *PLACED), pl.String))
PAGE_COLUMNS = 3  # below which Page's test says nothing


class Block(NamedTuple):
    """The seeds of a cell with a value at every size.

    sizes: (size,) ascending; seeds: ascending; values: (seed, size); asked: seeds that ran at every size, lost or not.
    """

    condition: Condition
    sizes: Floats
    seeds: list[int]
    values: Floats
    asked: int

    @property
    def taus(self) -> Floats:
        """Kendall's τ_b of each seed: (seed,); 0 for a constant series, as for one size."""
        if len(self.sizes) < 2:
            return np.zeros(len(self.seeds))
        found = [np.asarray(scipy.stats.kendalltau(self.sizes, row))[0] for row in self.values]
        return np.round(np.nan_to_num(np.array(found, dtype=np.float64)), 12).astype(np.float64)


def truer(view: View | None, primary: Part) -> Truer:
    """The trend of every deciding cell and the word of the claim."""
    if view is None:
        which = "Trends are its evidence" if primary.rule.unit == "trend" else "One size only"
        return Truer(word="unclear", reason=f"{which}: no trend is asked.")
    flat = primary.rule.flat
    counted = [
        (name, condition, of_condition(view.lanes, condition))
        for name, condition in each_condition(view.lanes)
        if primary.counts(condition)
    ]
    if any(rows.select("size", "seed").is_duplicated().any() for _, _, rows in counted):
        return Truer(word="unclear", reason=f"No trend can be told: several conditions fit {view.name}.")
    found = [(name, block(condition, rows)) for name, condition, rows in counted]
    trends = [_trend(name, each, flat) for name, each in found]
    used = [each for (_, each), its in zip(found, trends, strict=True) if not its.lacks]
    return _claim(trends, used, flat)


def record(found: Findings) -> pl.DataFrame:
    """What the trend of narrowed findings is told from: of every network its cell's name, whether that decides, all its
    conditions, size, seed, value and status; without the cells that several conditions fit.

    Conditions are all that are not a knob's default, not only those that the claim's own evidence tells apart, so that
    cells of several claims can be known for the same.
    """
    if found.trend is None or found.whole is None:
        return NO_RECORD
    lanes, rows = found.trend.lanes.with_row_index("row"), found.whole.with_row_index("row")
    cells = [
        its.select("row", cell=pl.lit(name), decides=pl.lit(found.primary.counts(condition)))
        for name, condition in each_condition(found.trend.lanes)
        if not (its := of_condition(lanes, condition)).select("size", "seed").is_duplicated().any()
    ]
    if not cells:
        return NO_RECORD
    table = pl.concat(cells).join(rows, on="row", maintain_order="left")
    defaults = {name: knob.default for name, knob in KNOBS.items() if name in table.columns and not knob.part}
    table = table.with_columns(pl.when(pl.col(name) != value).then(name).alias(name)
                               for name, value in defaults.items() if value is not None)  # fmt: skip
    told = [name for name in conditions(found.whole) if table[name].null_count() < table.height]
    return table.select("cell", "decides", *told, *PLACED)


def block(condition: Condition, rows: pl.DataFrame) -> Block:
    """The complete seeds of a cell's lanes; seeds that never ran at the largest size are not asked."""
    sizes = rows["size"].unique().sort()
    ran = rows.group_by("seed").agg(sizes=pl.col("size").n_unique(), largest=pl.col("size").max())
    asked = ran.filter((pl.col("sizes") == len(sizes)) | (pl.col("largest") == sizes.max()))["seed"].to_list()
    wide = rows.filter(pl.col("seed").is_in(asked)).sort("size").pivot(on="size", index="seed", values="value")
    whole = wide.drop_nulls().sort("seed")
    return Block(
        condition, sizes.to_numpy(), whole["seed"].to_list(), whole.drop("seed").to_numpy().astype(float), len(asked)
    )


def turn(values: Floats, flat: float) -> Turn | None:
    """`hump` (a rise to an inner size and a fall after it) or `valley`; None without one.

    Page's test (1963) on both sides, the peak in both, at least three sizes each; every p times the number of sizes
    that could have been the peak, because it is picked after looking; and the turn beyond the flat margin.

    Args:
        values: (seed, size), complete, sizes ascending.
        flat: smallest change that counts.
    """
    inner = range(PAGE_COLUMNS - 1, values.shape[1] - PAGE_COLUMNS + 1)
    if len(values) < 2:
        return None
    turns: tuple[tuple[Turn, int], ...] = (("hump", 1), ("valley", -1))
    for word, sign in turns:
        for peak in inner:
            up, down = sign * values[:, : peak + 1], -sign * values[:, peak:]
            p = max(float(scipy.stats.page_trend_test(side).pvalue) for side in (up, down))
            turned = sign * float((values[:, peak] - values[:, -1]).mean())
            if len(inner) * p < SIGNIFICANT and turned > flat:
                return word
    return None


def word_of(taus: Floats) -> Growth:
    """The word of a sample of τ_b: `grows`, `shrinks`, `flat` or `unclear`."""
    wide, usual = student(taus, LEVEL), student(taus, FLAT_LEVEL)
    if wide.low is not None and wide.low > STEADY:
        return "grows"
    if wide.high is not None and wide.high < -STEADY:
        return "shrinks"
    inside = usual.low is not None and usual.high is not None and usual.low > -STEADY and usual.high < STEADY
    return "flat" if inside else "unclear"


def lacking(found: Block) -> str:
    """Why no trend of a cell can be told; nothing if one can."""
    if len(found.sizes) < SIZES:
        return f"{len(found.sizes)} of the {SIZES} sizes that are needed"
    if found.asked - len(found.seeds) > MOST_LOST * found.asked:
        return f"{found.asked - len(found.seeds)} of {found.asked} seeds lost a run"
    return _few(found.asked, found.taus)


def _trend(name: str, found: Block, flat: float) -> Trend:
    lacks = lacking(found)
    means: list[float | None] = [None] * len(found.sizes)
    if found.seeds:
        means = [float(each) for each in found.values.mean(axis=0)]
    return Trend(
        name=name,
        condition=found.condition,
        sizes=[float(size) for size in found.sizes],
        means=means,
        seeds=len(found.seeds),
        lost=found.asked - len(found.seeds),
        tau=student(found.taus, LEVEL) if found.seeds else NOTHING,
        word="unclear" if lacks else word_of(found.taus),
        turn=None if lacks else turn(found.values, flat),
        lacks=lacks,
    )


def _few(asked: int, taus: Floats) -> str:
    equal = len(taus) >= FEWEST_EQUAL and np.ptp(taus) == 0
    if equal or (asked >= FEWEST_SEEDS and len(taus) >= FEWEST):
        return ""
    return f"{len(taus)} of the {FEWEST_SEEDS} seeds that are needed"


def _claim(trends: Sequence[Trend], used: Sequence[Block], flat: float) -> Truer:
    if not used:
        lack = "; ".join(f"{each.name}: {each.lacks}" for each in trends[:3]) or "no sizes were compared"
        return Truer(word="unclear", reason=f"No trend can be told: {lack}.", cells=list(trends))
    common = sorted(set.intersection(*(set(each.seeds) for each in used)))
    taus = np.array([each.taus[np.isin(each.seeds, common)] for each in used]).mean(axis=0)
    tau = student(taus, LEVEL) if common else NOTHING
    counts = _counts(trends)
    opposed = _differs(used, flat)
    if opposed:
        names = [next(each.name for each in trends if each.condition == found.condition) for found in opposed]
        told = f"Truer with size in {names[0]} and less true in {names[1]}; {counts}."
        return Truer(word="differs", reason=told, tau=tau, cells=list(trends))
    few = _few(min(each.asked for each in used), taus)
    if few:
        return Truer(word="unclear", reason=f"In common to all cells are {few}; {counts}.", tau=tau, cells=list(trends))
    ends = f"[{number(tau.low)}, {number(tau.high)}]"
    told = f"Kendall's τ of a seed, mean over cells, {number(tau.value)} {ends}; {counts}."
    return Truer(word=word_of(taus), reason=told, tau=tau, cells=list(trends))


def _differs(used: Sequence[Block], flat: float) -> tuple[Block, Block] | None:
    """A cell that grows and one that shrinks, each at a level corrected for the cells that could, or None."""
    able = [each for each in used if len(each.sizes) >= SIZES_TO_DIFFER]
    level = 1 - SIGNIFICANT / max(len(able), 1)
    up, down = (next((each for each in able if _steady(sign, each, level, flat)), None) for sign in (1, -1))
    return (up, down) if up and down else None


def _steady(sign: int, found: Block, level: float, flat: float) -> bool:
    tau = student(sign * found.taus, level)
    change = sign * float((found.values[:, -1] - found.values[:, 0]).mean())
    return tau.low is not None and tau.low > STEADY and change > flat


def _counts(trends: Sequence[Trend]) -> str:
    words = [each.word for each in trends]
    told = [f"{word} in {words.count(word)}" for word in ("grows", "shrinks", "flat") if word in words]
    turns = [each.turn for each in trends if each.turn]
    told += [f"{kind} in {turns.count(kind)}" for kind in ("hump", "valley") if kind in turns]
    return f"{', '.join(told) or 'no trend'} of {len(trends)} cells"
