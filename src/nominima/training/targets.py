"""What lanes are trained and stopped by: labels, moved by noise and smoothed, or what a teacher answers."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nominima.planning.run import Run, Teacher
from nominima.training.evaluation import passes
from nominima.training.feed import generator
from nominima.training.model import build_model
from nominima.training.reference import Reference, References


def targets(run: Run, labels: Tensor, classes: int, taught: Tensor | None) -> Tensor:
    """float32 (lane, example, class), rows of sum 1.

    (1-w)·((1-s)·onehot(label) + s/K) + w·teacher for smoothing s and the teacher's weight w.

    Args:
        run: how.
        labels: int64 (lane, example).
        classes: K.
        taught: the teacher's targets (lane, example, class), if there is one.
    """
    smoothing = run.training.smoothing
    told = one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return told if taught is None or run.training.teacher is None else told.lerp(taught, run.training.teacher.weight)


def taught(run: Run, teacher: Teacher, reference: Reference, x: Tensor, labels: Tensor, classes: int) -> Tensor:
    """A teacher's targets for x (example, *input) with labels (lane, example), float32 (lane, example, class).

    Soft: its probabilities at the temperature (Hinton 2015); hard: its likeliest class; top: that class with
    its probability, the rest spread evenly over the others, so that nothing is told of which they are (the
    "confidence weighted by teacher max" of Furlanello 2018); permuted: the labels after they changed places by lot
    among examples of the same likeliest class, so that they are as often wrong as it is, but say nothing of an
    example beyond its answer.
    """
    probabilities = _answered(run, teacher, reference, x, classes)
    if teacher.kind == "soft":
        return probabilities
    confidence, likeliest = probabilities.max(-1, keepdim=True)
    answers = likeliest.squeeze(-1)
    if teacher.kind == "permuted":
        answers = torch.stack([
            _permuted(own, its, generator(seed, "permuted"))
            for own, its, seed in zip(labels, answers, run.seeds, strict=True)
        ])  # fmt: skip
    top = one_hot(answers, classes)
    if teacher.kind != "top":
        return top.float()
    return torch.where(top.bool(), confidence, (1 - confidence) / (classes - 1))


def validated(runs: Sequence[Run], x: Tensor, labels: Tensor, classes: int, references: References) -> Tensor:
    """The validation labels of all lanes, int64 (lane, example): the clean ones or, where a teacher validates, its own
    likeliest classes.

    Args:
        runs: of one stack.
        x: validation examples (example, *input).
        labels: int64 (example,).
        classes: how many.
        references: the teachers among them, by name.
    """
    return torch.cat([
        _answered(run, its, references[its.run], x, classes).argmax(-1)
        if (its := run.training.teacher) and its.validates
        else labels.expand(len(run.seeds), -1)
        for run in runs
    ])  # fmt: skip


def _answered(run: Run, teacher: Teacher, reference: Reference, x: Tensor, classes: int) -> Tensor:
    """The teacher's probabilities at its temperature, float32 (lane, example, class)."""
    model = build_model(reference.run.training, tuple(x.shape[1:]), classes)
    parameters = model.views(reference.parameters(teacher.at, run.seeds))
    probabilities = torch.empty(len(run.seeds), len(x), classes)
    for at, logits in passes(model, parameters, x):
        probabilities[at] = (logits / teacher.temperature).softmax(-1)
    return probabilities


def _permuted(labels: Tensor, answers: Tensor, source: torch.Generator) -> Tensor:
    """Labels that change places among examples of the same answer, all int64 (example,)."""
    lot = torch.randperm(len(labels), generator=source)
    by_answer = lot[answers[lot].argsort(stable=True)]
    moved = torch.empty_like(labels)
    moved[answers.argsort(stable=True)] = labels[by_answer]
    return moved
