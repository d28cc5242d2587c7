import polars as pl
import pytest
from made_tables import censor, found, judged, lanes, lose, noise, outcomes, table

CLAIM = "c6e_weak_teaches_strong"
SEEDS = tuple(range(300, 316))
TEACHERS = (4, 8, 16, 32)
KNOWS = {4: 0.4, 8: 0.5, 16: 0.6, 32: 0.65}
CEILING = 0.7
HALF = 2000
TEACHER = pl.col("teacher.kind").is_null() & (pl.col("skip") == 0)


def three(lane, right):
    """The curve of a network: it is right on so many test examples at its stop, and on fewer before and after."""
    for step, part in ((0, 0.1), (100, right), (5000, right - 0.05)):
        numbers = dict.fromkeys(("train_loss", "validation_loss", "test_loss", "noisy_test_loss"), 1.0)
        numbers |= dict.fromkeys(("train_accuracy", "validation_accuracy", "noisy_test_accuracy"), part)
        marks = {"best_loss": step == 0, "best_accuracy": step == 100, "end": step == 5000}
        yield lane | numbers | {"step": step, "test_accuracy": part} | marks


def known(width, lane):
    """What a teacher of a width and seed knows."""
    return KNOWS[width] + 0.02 * noise(lane["seed"], width, lane["dataset"], "teacher")


def teachers(**changes):
    usual = {"sizes": TEACHERS, "seeds": SEEDS, "noises": (0.0,), "examples": HALF}
    for lane in lanes(**usual | changes):
        its = {"run": f"teachers-{lane['dataset']}/w{lane['size']}"}
        yield from three(lane | its, known(lane["size"], lane))


def students(gain=0.04, over=0.06, spread=0.005, kind="hard", blind=True, skip=HALF, of=TEACHERS, **changes):
    """Wide students know `gain` more than their teacher, and `over` more than narrow ones."""
    usual = {"sizes": (8, 64), "seeds": SEEDS, "noises": (0.0,), "examples": HALF, "skip": skip}
    for width in of:
        for lane in lanes(**usual | changes):
            told = {"teacher.run": f"teachers-{lane['dataset']}/w{width}", "teacher.at": "best_accuracy",
                    "teacher.kind": kind, "teacher.temperature": 1.0, "teacher.weight": 1.0,
                    "teacher.validates": blind}  # fmt: skip
            its = known(width, lane) + gain - (over if lane["size"] == 8 else 0)
            key = (lane["seed"], lane["size"], width, lane["dataset"], kind, str(blind), skip)
            yield from three(lane | told, its + spread * noise(*key))


def ceilings(right=CEILING, **changes):
    for lane in lanes(**{"sizes": (8, 64), "seeds": SEEDS, "noises": (0.0,), "examples": HALF, "skip": HALF} | changes):
        yield from three(lane, right + 0.005 * noise(lane["seed"], lane["size"], lane["dataset"], "ceiling"))


def permuted(gain=-0.05, over=0.03, **changes):
    return students(gain, over, kind="permuted", of=(8,), **changes)


def tables(*more, control=None, right=CEILING, seeds=SEEDS, dataset="mnist1d", **changes):
    """Teachers, students, those of permuted labels and the ceiling, of one data set."""
    shared = {"seeds": seeds, "dataset": dataset}
    sweeps = (teachers(**shared), students(**shared, **changes), permuted(**shared, **control or {}))
    return {"learning_curve": table("learning_curve", *sweeps, ceilings(right, **shared), *more)}


def told(*more, **changes):
    return judged(CLAIM, **tables(*more, **changes))


def world():
    both = [tables(), tables(dataset="digits")]
    return {"learning_curve": pl.concat([its["learning_curve"] for its in both], how="diagonal_relaxed")}


def shown(verdict, name):
    return {row.cell: row.estimate.value for row in verdict.beside if row.name == name}


def numbers(verdict):
    return [number.outcome for number in verdict.primary.cells[0].numbers]


def test_permuted_students_of_their_teachers_examples_are_no_control():
    assert told(permuted(0.05, skip=0)).outcome == "supported"


def test_teachers_of_seeds_that_were_added_teach_the_same():
    whole = tables()
    late = pl.col("seed") >= 308
    parts = whole["learning_curve"].with_columns(
        run=pl.when(TEACHER & late).then(pl.col("run") + ".more-1").otherwise("run")
    )
    assert parts["run"].n_unique() > whole["learning_curve"]["run"].n_unique()
    assert judged(CLAIM, learning_curve=parts).primary == judged(CLAIM, **whole).primary


def test_supported_where_wide_students_know_more_than_both():
    verdict = judged(CLAIM, **world())
    assert verdict.outcome == "supported", verdict.reason
    assert set(outcomes(verdict.primary).values()) == {"supported"}
    by_name = {cell.name: [number.estimate.value for number in cell.numbers] for cell in verdict.primary.cells}
    assert by_name == {"digits, noise 0.0": pytest.approx([3, 2], abs=0.2),
                       "mnist1d, noise 0.0": pytest.approx([6, 4], abs=0.4)}  # fmt: skip
    assert {number.estimate.n for cell in verdict.primary.cells for number in cell.numbers} == {16}
    assert verdict.truer.word == "unclear"


@pytest.mark.parametrize(
    ("gain", "over", "words", "word"),
    [
        (0.013, 0.013, ["supported", "supported"], "supported"),
        (0.007, 0.013, ["supported", "contradicted"], "contradicted"),
        (0.013, 0.007, ["contradicted", "supported"], "contradicted"),
        (0.01, 0.013, ["supported", "inconclusive"], "inconclusive"),
    ],
)
def test_both_must_be_surpassed_by_a_hundredth(gain, over, words, word):
    verdict = told(gain=gain, over=over, spread=0.001)
    assert (numbers(verdict), verdict.outcome) == (words, word)


@pytest.mark.parametrize(("gain", "word"), [(0.023, "supported"), (0.017, "contradicted")])
def test_and_on_digits_by_a_fiftieth(gain, word):
    assert told(gain=gain, spread=0.001, dataset="digits").outcome == word


class TestWhoDecides:
    def test_only_students_of_the_teacher_of_width_8(self):
        assert told(students(gain=-0.1, of=(16,)), of=(8,)).outcome == "supported"
        verdict = told(of=(4, 16, 32))
        assert "no students of a teacher of width 8" in verdict.reason

    def test_pairs_share_the_teacher(self):
        """What teachers of several seeds know differs by ten times what decides, and cancels."""
        over = told(spread=0.0).primary.cells[0].numbers[1].estimate
        assert (over.low, over.high) == pytest.approx((4.0, 4.0), abs=1e-3)

    def test_only_students_that_see_no_true_label_and_other_examples(self):
        others = (students(gain=-0.1, blind=False), *(students(gain=-0.1, skip=skip) for skip in (0, 1000)))
        assert told(*others).outcome == "supported"
        assert told(students(blind=False), students(skip=0), gain=-0.1).outcome == "contradicted"

    def test_soft_answers_are_no_evidence(self):
        assert told(students(gain=-0.1, kind="soft")).outcome == "supported"


class TestPermutedLabels:
    def test_a_student_that_surpasses_its_teacher_voids_the_cell(self):
        verdict = told(control={"gain": 0.05})
        assert verdict.outcome == "inconclusive"
        assert "over the teacher, labels permuted" in verdict.reason

    def test_only_in_its_cell(self):
        both = [tables(), tables(dataset="digits", control={"gain": 0.06})]
        made = pl.concat([its["learning_curve"] for its in both], how="diagonal_relaxed")
        words = outcomes(judged(CLAIM, learning_curve=made).primary)
        assert words == {"digits, noise 0.0": "inconclusive", "mnist1d, noise 0.0": "supported"}

    def test_a_wide_one_may_surpass_a_narrow_one_which_is_shown(self):
        verdict = told(control={"over": 0.1})
        assert verdict.outcome == "supported"
        assert list(shown(verdict, "accuracy over the narrow student, labels permuted").values()) == [
            pytest.approx(0.1, abs=0.005)
        ]

    def test_without_them_nothing_is_supported_but_contradicted(self):
        for gain, word in ((0.04, "untested"), (-0.04, "contradicted")):
            its = tables(gain=gain)["learning_curve"].filter(pl.col("teacher.kind").ne_missing("permuted"))
            assert judged(CLAIM, learning_curve=its).outcome == word


def test_what_is_shown():
    more = (students(gain=0.03, blind=False, of=(8,)), students(gain=0.02, over=0.01, skip=0, of=(8,)))
    verdict = told(*more, students(gain=0.05, kind="soft", of=(8,)))
    expected = {
        "accuracy over the teacher": [0.04] * 4,
        "accuracy over the narrow student": [0.06] * 4,
        "accuracy of the narrow student over the teacher": [-0.02] * 4,
        "accuracy over the teacher, stopped by true labels": [0.03],
        "accuracy over the teacher, told probabilities": [0.05],
        "accuracy over the teacher, on the teacher's examples": [0.02],
        "accuracy over the narrow student, on the teacher's examples": [0.01],
    }
    for name, values in expected.items():
        assert list(shown(verdict, name).values()) == pytest.approx(values, abs=0.006), name


def test_the_share_recovered_is_told_where_there_is_a_gap():
    shares = shown(told(spread=0.0), "share recovered of the gap to true labels")
    assert len(shares) == 4
    at = next(value for name, value in shares.items() if name.endswith("teacher 8"))
    assert at == pytest.approx(0.04 / 0.2, abs=0.01), "a ratio of means"
    none = shown(told(right=0.6), "share recovered of the gap to true labels")
    assert {name.rpartition(" ")[2]: value is None for name, value in none.items()} == {
        "4": False, "8": False, "16": True, "32": True,
    }  # fmt: skip


def test_curves_are_drawn_by_the_width_of_the_teacher():
    drawn = {view.name: view.lanes for view in found(CLAIM, **world()).drawn}
    assert list(drawn) == ["accuracy, mnist1d", "accuracy, digits"]
    means = drawn["accuracy, digits"].group_by("accuracy", "place").agg(pl.col("value").mean())
    assert means.height == 16
    at = {of: value for of, place, value in means.rows() if place == 16}
    expected = {"of the teacher": 0.6, "of its narrow student": 0.58, "of its wide student": 0.64,
                "of a wide one, true labels": CEILING}  # fmt: skip
    assert at == {of: pytest.approx(value, abs=0.02) for of, value in expected.items()}


@pytest.mark.parametrize(("share", "word"), [(0.125, "supported"), (0.25, "inconclusive")])
def test_lost_and_censored_networks_are_counted(share, word):
    its = tables()["learning_curve"]
    for made in (lose("learning_curve", its, share), censor(its, share)):
        verdict = judged(CLAIM, learning_curve=made)
        assert verdict.outcome == word
        assert sum(verdict.primary.cells[0].lost.values()) == 16 * share


def test_students_of_a_teacher_without_a_stop_have_none():
    its = tables()["learning_curve"]
    late = pl.col("seed").is_in(SEEDS[:4]) & TEACHER & (pl.col("size") == 8)
    verdict = judged(CLAIM, learning_curve=its.with_columns(censored_accuracy=late))
    assert (verdict.outcome, verdict.primary.cells[0].lost) == ("inconclusive", {"censored": 4})


def test_untested_says_what_is_missing():
    assert "8 of the 16 seeds that are needed" in told(seeds=SEEDS[:8]).reason
    alone = tables()["learning_curve"].filter(pl.col("teacher.run").is_null())
    assert "no students of a teacher of width 8" in judged(CLAIM, learning_curve=alone).reason
