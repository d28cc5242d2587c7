"""Losses and accuracies at all metric points, with the stopping points marked."""

import polars as pl

from nominima.measuring.subject import RunSubject

OF = "run"
KEY = ("seed", "step")
SCHEMA = {
    "seed": "Int64",
    "step": "Int64",
    "status": "String",
    "train_loss": "Float64",
    "train_accuracy": "Float64",
    "validation_loss": "Float64?",
    "validation_accuracy": "Float64?",
    "test_loss": "Float64?",
    "test_accuracy": "Float64?",
    "noisy_test_loss": "Float64?",
    "noisy_test_accuracy": "Float64?",
    "best_loss": "Boolean",
    "best_accuracy": "Boolean",
    "end": "Boolean",
}


def measure(subject: RunSubject) -> pl.DataFrame:
    """The metrics of training as they were taken: losses in nats, accuracies as shares; see trajectory.METRICS.

    A row is marked `best_loss` or `best_accuracy` where its seed stops by validation loss or accuracy, and `end` at
    the last step. The validation columns are null where the data set has no validation examples, those of test
    where it was not looked at: with `tested: stops` everywhere but at the start, these two points and the end.
    """
    trajectory = subject.trajectory
    marks = {
        "best_loss": pl.col("step") == _per_seed(subject, trajectory.best_loss_step.tolist()),
        "best_accuracy": pl.col("step") == _per_seed(subject, trajectory.best_accuracy_step.tolist()),
        "end": pl.col("step") == subject.run.training.steps,
    }
    return trajectory.metrics.with_columns(**marks).sort(KEY)


def _per_seed(subject: RunSubject, steps: list[int]) -> pl.Expr:
    return pl.col("seed").replace_strict(subject.seeds, steps, return_dtype=pl.Int64)
