"""A weak network teaches a strong one.

Claim: A wide network that is told nothing but the answers of a narrow one comes to know more than its teacher, and more
than a narrow student of the same teacher.

Refuted by: Wide students of a narrow teacher are not right on more test examples than narrow students of that teacher,
or not on more than the teacher itself.

Tested by: Teachers learn the true labels of one half of the training examples and are stopped by validation accuracy.
Students begin at parameters of their own, learn the other half with their teacher's answers in place of labels, and are
stopped where they agree most with its answers to the validation examples; they are told no true label. Students of
width 64 of a teacher of width 8 must be right on more test examples than students of width 8, and than their teacher,
each by more than .01 (digits .02), teacher by teacher. If, in place of the answers, they are given true labels that
were reshuffled among the examples to which the teacher gave one answer, nothing is to be learned beyond its answers,
and the wide student must not surpass its teacher as the claim asks.

Limits: One family, two small data sets; strong is eight times as wide. Answers are the likeliest classes: a label does
not say how sure a teacher is. The teacher was stopped by true validation labels. From permuted labels, too, wide
students learn more than narrow ones, which is shown: only surpassing the teacher can fail there. Also shown: other
teachers, students told probabilities, stopped by true labels, or told of the examples that their teacher has learned,
and the share recovered of the teacher's gap to wide networks that learned true labels of the students' examples.

For: Burns et al. 2023, Weak-to-strong generalization (strong models surpass the weak ones that label their examples)

For: Furlanello et al. 2018, Born-again neural networks (students surpass teachers of their own kind)

For: Yuan et al. 2020, Revisiting knowledge distillation via label smoothing regularization (weak teachers help)

Against: Burns et al. 2023, the same (errors of a weak one that are easy to imitate are imitated)

Caption: Test accuracy of teachers, by their width, of students of width 8 and 64 that are told their answers only, and
of networks of width 64 that learned the true labels of the students' examples. The claim puts the wide students of the
teacher of width 8 above that teacher and above its narrow students.
"""

import polars as pl

from nominima.drawing.panels import Panel
from nominima.drawing.theme import HEIGHT
from nominima.judging.evidence import Evidence, Missing
from nominima.judging.intervals import mean
from nominima.judging.parts import Findings, Part, View, minus, must_fail
from nominima.judging.readings import STOPS, at_mark, combined, less
from nominima.judging.rules import Rule
from nominima.judging.samples import Sample, over_places
from nominima.judging.units import in_units
from nominima.planning.params import MORE

MEASURES = ("learning_curve",)
RULE = Rule(
    statistic="test accuracy of students of width 64 less that of students of width 8, and less that of their teacher "
    "of width 8, in units of .01 (digits .02)",
    side="above", tau=1.0, seeds=16,
)  # fmt: skip

WEAK, STRONG = 8, 64
DRAWN, STOP = ("mnist1d", "digits"), "best_accuracy"
LATE, RIGHT, TAUGHT, KIND = (pl.col(name) for name in (STOPS[STOP], "test_accuracy", "taught", "teacher.kind"))
SHARED, APART = pl.col("skip") == pl.col("first"), pl.col("skip") >= pl.col("after")
BLIND, OWN = pl.col("teacher.validates"), pl.col("width") == WEAK


def judge(evidence: Evidence) -> Findings:
    """Wide students against narrow ones and against their teacher; students of permuted labels as the control."""
    curve = evidence["learning_curve"].filter(~pl.col("tuned"))
    students, ceiling = _students(curve), at_mark(curve.filter(KIND.is_null(), size=STRONG), STOP, RIGHT)
    every = students.filter(APART, BLIND, KIND == "hard")
    told, permuted = every.filter(OWN), students.filter(APART, OWN, KIND == "permuted")
    if told.is_empty():
        raise Missing(f"there are no students of a teacher of width {WEAK}")
    ways = {"": every, ", stopped by true labels": students.filter(APART, ~BLIND, KIND == "hard"),
            ", told probabilities": students.filter(APART, BLIND, KIND == "soft"),
            ", on the teacher's examples": students.filter(SHARED, BLIND, KIND == "hard")}  # fmt: skip
    return Findings(
        primary=Part(
            RULE,
            asks=(View("over the narrow student", in_units(_wider(told))),
                  View("over the teacher", in_units(_above(told)))),
            guards=(must_fail("over the teacher, labels permuted", in_units(_above(permuted)), across=("teacher",),
                              of="over the teacher"),),
        ),
        shown=(
            *(View(f"accuracy over the {whom}{how}", of(rows)) for how, rows in ways.items()
              for whom, of in (("narrow student", _wider), ("teacher", _above))),
            View("accuracy over the narrow student, labels permuted", _wider(permuted)),
            View("accuracy of the narrow student over the teacher", _above(every, WEAK)),
            View("share recovered of the gap to true labels", _gap(every, ceiling), recovered),
        ),
        drawn=tuple(View(f"accuracy, {name}", its) for name in DRAWN if len(its := _drawn(every, ceiling, name))),
    )  # fmt: skip


def recovered(rows: pl.DataFrame) -> Sample:
    """Score: mean gain over mean gap, of lanes with the gain at place 0 and the gap at place 1.

    Raises:
        Missing: the gap is not above 0 at 95 %.
    """
    gap = mean(rows.filter(place=1.0)["value"].drop_nulls().to_numpy())
    if gap.low is None or gap.low <= 0:
        raise Missing("true labels teach no more than the teacher knows")
    return over_places(lambda _, __, its: its[..., 0, 0].mean(axis=-1) / its[..., 0, 1].mean(axis=-1))(rows)


def _students(curve: pl.DataFrame) -> pl.DataFrame:
    """Curves of students, with width, accuracy and examples of their teacher; without its stop none has one."""
    named = pl.col("run").str.replace(rf"\.{MORE}\d+(/|$)", "$1")  # seeds that were added have a run of their own
    teachers = curve.group_by(named.alias("teacher.run"), "seed").agg(
        pl.col("size").first().alias("width"), pl.col("skip").first().alias("first"), LATE.first().alias("late"),
        (pl.col("skip") + pl.col("examples")).first().alias("after"),
        pl.when((pl.col("status") == "ok").all()).then(RIGHT.filter(STOP).first()).alias("taught"),
    )  # fmt: skip
    return curve.join(teachers, on=["teacher.run", "seed"], maintain_order="left").with_columns(LATE | pl.col("late"))


def _right(rows: pl.DataFrame, width: int, value: pl.Expr = RIGHT) -> pl.DataFrame:
    """Lanes: a number of students of a width where they are stopped; the width of their teacher is a condition."""
    widths = rows.select("teacher.run", pl.col("width").alias("teacher")).unique()
    return at_mark(rows.filter(size=width), STOP, value).join(widths, on="teacher.run", maintain_order="left")


def _wider(rows: pl.DataFrame) -> pl.DataFrame:
    """Lanes: accuracy of wide students less that of narrow ones."""
    return less(_right(rows, STRONG), _right(rows, WEAK).drop("dial", "size"))


def _above(rows: pl.DataFrame, width: int = STRONG) -> pl.DataFrame:
    """Lanes: accuracy of students less that of their teacher."""
    return _right(rows, width, RIGHT - TAUGHT)


def _gap(rows: pl.DataFrame, ceiling: pl.DataFrame) -> pl.DataFrame:
    """Lanes: what wide students gain over their teacher, and what true labels would give them, at places 0 and 1."""
    whole = less(_right(rows, STRONG, -TAUGHT), minus(ceiling), "teacher")
    return pl.concat([each.with_columns(place=pl.lit(at)) for at, each in ((0.0, _above(rows)), (1.0, whole))])


def _drawn(rows: pl.DataFrame, ceiling: pl.DataFrame, dataset: str) -> pl.DataFrame:
    """Lanes of one data set: accuracies by the width of the teacher, their place; `accuracy` says whose."""
    taught, narrow, wide = _right(rows, STRONG, TAUGHT), _right(rows, WEAK), _right(rows, STRONG)
    each = {"of the teacher": taught, "of its narrow student": narrow, "of its wide student": wide,
            "of a wide one, true labels": combined(taught, ceiling, pl.col("value_right"), "teacher")}  # fmt: skip
    columns = ("size", "seed", "value", "status", pl.col("teacher").cast(pl.Float64).alias("place"))
    return pl.concat(its.filter(dataset=dataset).select(*columns, accuracy=pl.lit(of)) for of, its in each.items())


WORDS = {"accuracy of a wide one": "a wide network", "accuracy of its narrow student": "its narrow student",
         "accuracy of its wide student": "its wide student", "accuracy of the teacher": "the teacher"}  # fmt: skip
PANELS = tuple(Panel(f"accuracy, {name}", f"What students of weak teachers know: {name}", "accuracy", along="place",
                     x="width of the teacher", single=False, height=HEIGHT, words=WORDS) for name in DRAWN)  # fmt: skip
