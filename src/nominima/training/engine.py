"""The training engine: all seeds of all runs of a stack, moved by the same few operations."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from nominima.ground.files import Refusal
from nominima.planning.run import Run, Training
from nominima.planning.steps import metric_steps
from nominima.training.dataset import Dataset
from nominima.training.ensemble import Ensemble
from nominima.training.evaluation import answers, means, scores
from nominima.training.lanes import Parts
from nominima.training.model import Model, Parameters, build_model
from nominima.training.objective import noisy_loss
from nominima.training.recorder import Recorder, Room, Seen, in_memory
from nominima.training.reference import References
from nominima.training.stack import Stack
from nominima.training.targets import validated
from nominima.training.trajectory import Records, Trajectory

MOST_CLASSES = 255

Split = tuple[Tensor, Tensor]
"""x: float32 (example, *input); labels: int64 (example,) or (lane, example)."""


def fit(
    runs: Sequence[Run],
    dataset: Dataset,
    references: References | None = None,
    room: Room = in_memory,
    say: Callable[[str], None] = print,
) -> list[tuple[Trajectory, Records]]:
    """Train all lanes of runs that differ in what planning.run.FREE names alone.

    A lane draws its initial parameters, label noise and example order from generators of its own seed, and no
    operation mixes lanes, so that it has the bits of a training by itself (where products have theirs wherever
    in memory matrices lie, see planning.workplace). Lanes that diverge leave the stack at the next metric
    step and cost nothing more.

    Args:
        runs: of one stack.
        dataset: what they are trained on.
        references: the runs from which they take something, by name.
        room: where trajectories are put.
        say: takes a line for each metric step.

    Raises:
        Refusal: a run asks for what the data set or a reference does not hold.
    """
    training = runs[0].training
    device = chosen_device(training)
    splits = {name: (x.to(device), y.to(device)) for name, (x, y) in _splits(training, dataset).items()}
    model = build_model(training, dataset.inputs, dataset.classes)
    ensemble = Ensemble(runs, model, splits["train"], dataset.classes, references or {})
    shown, clean = splits["validation"]
    splits["validation"] = shown, validated(runs, shown.cpu(), clean.cpu(), dataset.classes, references or {})
    recorders = [
        Recorder(run, start, labels, moved, len(shown), room)
        for run, start, labels, moved in zip(
            runs, *(ensemble.by_run(each) for each in (ensemble.initial, ensemble.labels, ensemble.moved)), strict=True
        )
    ]
    # Inference mode spares bookkeeping in every operation; autograd, where it is needed, refuses its tensors.
    look = partial(_tested, model, splits["test"], dataset.classes)
    by_hand = model.backward is not None and not ensemble.drops
    with torch.inference_mode(by_hand), torch.no_grad():
        lanes = Parts(ensemble, model)
        for step in metric_steps(training.steps):
            lanes.advance(step)
            parameters, noise = lanes.parameters, ensemble.noise[lanes.alive]
            seen = _seen(model, parameters, lanes.alive, ensemble, splits)
            if training.tested == "always" or step in {0, training.steps}:
                seen.numbers.update(look(parameters.leaves, noise))
            for at, recorder in enumerate(recorders):
                mine = lanes.alive // training.seeds == at
                recorder.note(step, lanes.alive[mine] % training.seeds, seen.of(mine))
            lanes.keep(seen.finite)
            say(_line(step, training.steps, {name: value[seen.finite] for name, value in seen.numbers.items()}))
        for recorder, noise in zip(recorders, ensemble.by_run(ensemble.noise), strict=True):
            recorder.note_stops(lambda rows, noise=noise: look(model.views(rows.to(device)), noise))
    return [(recorder.trajectory(), recorder.records()) for recorder in recorders]


def begin(
    runs: Sequence[Run], dataset: Dataset, references: References, until: int
) -> list[tuple[Trajectory, Records]]:
    """Make the first steps of `fit` only: the same bits up to a metric step, all that is later empty.

    Schedule, pacing and metric steps are those of the whole training; the stopping points are those so far. It stands
    apart from `fit`, so that nothing about audits is among what trained a network.

    Args:
        runs: of one stack.
        dataset: what they are trained on.
        references: the runs from which they take something, by name.
        until: the metric step at which it ends.

    Raises:
        Refusal: what `fit` raises.
    """
    training = runs[0].training
    device = chosen_device(training)
    splits = {name: (x.to(device), y.to(device)) for name, (x, y) in _splits(training, dataset).items()}
    model = build_model(training, dataset.inputs, dataset.classes)
    ensemble = Ensemble(runs, model, splits["train"], dataset.classes, references)
    shown, clean = splits["validation"]
    splits["validation"] = shown, validated(runs, shown.cpu(), clean.cpu(), dataset.classes, references)
    told = zip(runs, *map(ensemble.by_run, (ensemble.initial, ensemble.labels, ensemble.moved)), strict=True)
    recorders = [Recorder(run, start, labels, moved, len(shown), in_memory) for run, start, labels, moved in told]
    look = partial(_tested, model, splits["test"], dataset.classes)
    with torch.inference_mode(model.backward is not None and not ensemble.drops), torch.no_grad():
        lanes = Parts(ensemble, model)
        for step in metric_steps(training.steps):
            if step > until:
                break
            lanes.advance(step)
            parameters, noise = lanes.parameters, ensemble.noise[lanes.alive]
            seen = _seen(model, parameters, lanes.alive, ensemble, splits)
            if training.tested == "always" or step in {0, training.steps}:
                seen.numbers.update(look(parameters.leaves, noise))
            for at, recorder in enumerate(recorders):
                mine = lanes.alive // training.seeds == at
                recorder.note(step, lanes.alive[mine] % training.seeds, seen.of(mine))
            lanes.keep(seen.finite)
        for recorder, noise in zip(recorders, ensemble.by_run(ensemble.noise), strict=True):
            recorder.note_stops(lambda rows, noise=noise: look(model.views(rows.to(device)), noise))
    return [(recorder.trajectory(), recorder.records()) for recorder in recorders]


def look_at(
    run: Run,
    dataset: Dataset,
    parameters: Callable[[int, list[int]], Tensor],
    room: Room = in_memory,
    say: Callable[[str], None] = print,
) -> tuple[Trajectory, Records]:
    """See of networks trained elsewhere what `fit` sees of those that it trains, on the processor.

    It stands apart from `fit` as `begin` does. Their labels are those of the data set; a network that is not finite has
    diverged and is not asked for again.

    Args:
        run: what they are called, and how they were trained.
        dataset: what they were trained on.
        parameters: step, seeds ↦ float32 (seed, param).
        room: where the trajectory is put.
        say: takes a line for each metric step.

    Raises:
        Refusal: the run asks for what the data set does not hold; what `parameters` raises.
    """
    training, splits = run.training, _splits(run.training, dataset)
    model = build_model(training, dataset.inputs, dataset.classes)
    ensemble = Ensemble([run], model, splits["train"], dataset.classes, {})
    shown, clean = splits["validation"]
    splits["validation"] = shown, clean.expand(training.seeds, -1)
    alive, look = torch.arange(training.seeds), partial(_tested, model, splits["test"], dataset.classes)
    rows = parameters(0, list(run.seeds))
    recorder = Recorder(run, rows, ensemble.labels, ensemble.moved, len(shown), room)
    with torch.inference_mode(model.backward is not None), torch.no_grad():
        for step in metric_steps(training.steps):
            rows = parameters(step, [run.seeds[lane] for lane in alive.tolist()]) if step else rows
            stack = Stack.of(model.layout, rows)
            seen = _seen(model, stack, alive, ensemble, splits)
            if training.tested == "always" or step in {0, training.steps}:
                seen.numbers.update(look(stack.leaves, ensemble.noise[alive]))
            recorder.note(step, alive, seen)
            alive = alive[seen.finite]
            say(_line(step, training.steps, {name: value[seen.finite] for name, value in seen.numbers.items()}))
        recorder.note_stops(lambda rows: look(model.views(rows), ensemble.noise))
    return recorder.trajectory(), recorder.records()


def chosen_device(training: Training) -> torch.device:
    """Where a training runs.

    Raises:
        Refusal: CUDA is asked for and there is none.
    """
    if training.device == "cuda" and not torch.cuda.is_available():
        raise Refusal("device: cuda: there is no CUDA device here; take auto or cpu")
    return torch.device("cpu" if training.device == "cpu" or not torch.cuda.is_available() else "cuda")


def _splits(training: Training, dataset: Dataset) -> dict[str, Split]:
    available, asked = len(dataset.train.x), training.skip + (training.examples or 1)
    if not available or not len(dataset.test.x):
        raise Refusal(f"dataset: {training.dataset} has an empty train or test split; give it examples")
    if asked > available:
        raise Refusal(f"skip + examples: {asked}: {training.dataset} holds {available}; ask for fewer")
    if not 2 <= dataset.classes <= MOST_CLASSES:
        raise Refusal(f"dataset: {training.dataset} has {dataset.classes} classes; 2 to {MOST_CLASSES} can be told")
    each = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    found = {name: (torch.from_numpy(examples.x), torch.from_numpy(examples.y)) for name, examples in each.items()}
    x, y = found["train"]
    end = None if training.examples is None else training.skip + training.examples
    return found | {"train": (x[training.skip : end], y[training.skip : end])}


def _seen(model: Model, parameters: Stack, lanes: Tensor, ensemble: Ensemble, splits: dict[str, Split]) -> Seen:
    """What there is to see of the lanes still trained, int64 (alive,), brought to the CPU."""
    leaves, noise = parameters.leaves, ensemble.noise[lanes]
    (x, _), classes = splits["train"], ensemble.targets.shape[-1]
    train = answers(model, leaves, x, ensemble.labels[lanes].to(x.device))
    shown, told = splits["validation"]
    validation = answers(model, leaves, shown, told[lanes].to(x.device))
    found = {"train": scores(train.means, 0 * noise, classes)}
    if validation.own.shape[1]:
        found["validation"] = scores(validation.means, noise, classes)
    expected = noisy_loss(validation.own, validation.total, noise.float().unsqueeze(1), classes)
    return Seen(parameters.rows().cpu(), train, validation, expected, _numbers(found))


def _tested(model: Model, test: Split, classes: int, leaves: Parameters, noise: Tensor) -> dict[str, Tensor]:
    """Numbers of some lanes on the test examples, with clean labels and with the noise of their training."""
    found = means(model, leaves, *test)
    return _numbers({"test": scores(found, 0 * noise, classes), "noisy_test": scores(found, noise, classes)})


def _numbers(told: dict[str, tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """Losses and accuracies by the names of METRICS."""
    losses = {f"{split}_loss": loss for split, (loss, _) in told.items()}
    return losses | {f"{split}_accuracy": accuracy for split, (_, accuracy) in told.items()}


def _line(step: int, last: int, numbers: dict[str, Tensor]) -> str:
    """Progress as a person reads it: means over the lanes still trained."""
    lanes = len(numbers["train_loss"])
    means = [f"{name.replace('_', ' ')} {value.mean().item():.4f}" for name, value in numbers.items()]
    return f"step {step}/{last}  lanes {lanes}  {'  '.join(means) if lanes else 'all diverged'}"
