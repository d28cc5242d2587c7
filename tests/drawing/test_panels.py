import polars as pl

from nominima.drawing.details import BY_SIZE, panels
from nominima.drawing.panels import Panel, of_panel
from nominima.judging.evidence import COLUMNS

PANEL = Panel("loss", "Loss", "nats", single=False)


def numbers(steps: dict[tuple[str, float], list[int]]) -> pl.DataFrame:
    """Lanes of a network for each number of steps that (optimizer, size) has."""
    rows = [
        {"dataset": "a", "noise": 0.0, "optimizer": of, "steps": each, "view": "loss", "size": size, "place": None,
         "seed": 1, "value": size, "status": None}
        for (of, size), its in steps.items() for each in its
    ]  # fmt: skip
    return pl.DataFrame(rows).cast(COLUMNS)  # pyright: ignore[reportArgumentType]


def test_a_curve_over_sizes_joins_sizes_that_were_trained_for_other_steps():
    found = numbers({("adam", 4.0): [100], ("adam", 8.0): [50]})
    assert "steps" not in of_panel(PANEL, found).columns
    (drawn,) = panels([PANEL], found)
    assert BY_SIZE in str(drawn["title"])


def test_steps_that_tell_runs_of_one_size_apart_stay_a_condition():
    found = numbers({("adam", 4.0): [100, 50], ("adam", 8.0): [100]})
    assert "steps" in of_panel(PANEL, found).columns
    assert all(BY_SIZE not in str(drawn) for drawn in panels([PANEL], found))


def test_steps_that_go_with_another_condition_are_told():
    found = numbers({("adam", 4.0): [100], ("adam", 8.0): [100], ("sgd", 8.0): [50]})
    assert all(BY_SIZE not in str(drawn) for drawn in panels([PANEL], found))


def test_what_is_not_drawn_does_not_count():
    """Asked of all lanes steps would tell nothing apart; of those that are drawn one size has two."""
    found = numbers({("adam", 4.0): [100, 50], ("adam", 8.0): [100], ("sgd", 4.0): [100], ("sgd", 8.0): [50]})
    for optimizer, joined in (("adam", False), ("sgd", True)):
        panel = Panel("loss", "Loss", "nats", single=False, where=pl.col("optimizer") == optimizer)
        assert ("steps" in of_panel(panel, found).columns) is not joined
        assert (BY_SIZE in str(panels([panel], found))) is joined
