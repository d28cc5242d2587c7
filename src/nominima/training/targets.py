"""What lanes are trained towards: labels, moved by noise and smoothed, or what a teacher answers."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from nominima.planning.run import Run, Teacher
from nominima.training.evaluation import passes
from nominima.training.model import build_model
from nominima.training.reference import Reference


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


def taught(run: Run, teacher: Teacher, reference: Reference, x: Tensor, classes: int) -> Tensor:
    """A teacher's targets for x (example, *input), float32 (lane, example, class).

    Soft: its probabilities at the temperature (Hinton 2015); hard: its likeliest class; top: that class with
    its probability, the rest spread evenly over the others, so that nothing is told of which they are (the
    "confidence weighted by teacher max" of Furlanello 2018).
    """
    model = build_model(reference.run.training, tuple(x.shape[1:]), classes)
    parameters = model.views(reference.parameters(teacher.at, run.seeds))
    probabilities = torch.empty(len(run.seeds), len(x), classes)
    for at, logits in passes(model, parameters, x):
        probabilities[at] = (logits / teacher.temperature).softmax(-1)
    if teacher.kind == "soft":
        return probabilities
    confidence, likeliest = probabilities.max(-1, keepdim=True)
    top = one_hot(likeliest.squeeze(-1), classes)
    if teacher.kind == "hard":
        return top.float()
    return torch.where(top.bool(), confidence, (1 - confidence) / (classes - 1))
