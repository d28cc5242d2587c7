"""A run: one training configuration told completely, trained for all its seeds as one stack."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from nominima.ground.places import place
from nominima.ground.records import NonNegative, Positive, Share, Strict
from nominima.planning import shelf

Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")]
RunName = Annotated[str, Field(pattern=r"^[a-z0-9{][a-z0-9_{}./-]{0,200}$")]
RawFiles = Annotated[str, Field(pattern=r"^data/raw/[A-Za-z0-9_{]([A-Za-z0-9_{}-]|[./][A-Za-z0-9_{}-])*$")]
Point = Literal["init", "best", "best_accuracy", "end"] | Annotated[int, Field(ge=0)]
Options = dict[Label, Any]
Rates = Annotated[tuple[Positive, ...], Field(min_length=2)]
Rate = Annotated[
    Annotated[Positive, Tag("[one]")] | Annotated[Rates, Tag("[several]")],
    Discriminator(lambda given: "[several]" if isinstance(given, list | tuple) else "[one]"),
]


class Taken(Strict):
    """A point of another run's trajectory; each lane takes from the lane of its own seed."""

    run: RunName = Field(description="name of a run; `{axis}` stands for this run's own label on an axis")
    at: Point = Field(default="best", description="init, best, best_accuracy, end or the step of a checkpoint")


class Start(Taken):
    """Initial parameters from another run of the same model."""

    kind: Literal["copy", "shuffled", "rescaled"] = Field(
        default="copy",
        description="its parameters; those shuffled within each leaf; own random ones of its norm in each leaf",
    )


class Teacher(Taken):
    """Targets from another run's answers to the training inputs."""

    kind: Literal["soft", "hard", "top", "permuted"] = Field(
        default="soft",
        description="its probabilities; its likeliest class; that class with its probability, the rest spread; "
        "the labels, each at another example of the same likeliest class, at random",
    )
    temperature: Positive = Field(default=1.0, description="its logits are divided by this")
    weight: Share = Field(default=1.0, description="its share of the targets; the labels have the rest")
    validates: bool = Field(default=False, description="whether its likeliest classes are the validation labels, too")


class Pruning(Taken):
    """A mask that holds weights at zero: those that are smallest at a point of another run of the same model."""

    keep: Annotated[float, Field(gt=0, le=1)] = Field(
        description="share kept of each layer's weights that are not zero there; the output layer loses half as many"
    )
    kind: Literal["magnitude", "random"] = Field(
        default="magnitude", description="the largest are kept; as many of each layer, at random"
    )


class Pacing(Strict):
    """Examples released one after the other."""

    order: Literal["random", "taught", "reversed", "clean"] = Field(
        description="at random; by a teacher's loss, the lowest first; the other way round; moved labels last"
    )
    run: RunName | None = Field(
        default=None, description="the teacher: a run of the same model on the same labels, lane for lane of equal seed"
    )
    other: RunName | None = Field(
        default=None, description="a second one, where both saw one half: each scores the examples that it did not see"
    )
    at: Point = Field(default="best_accuracy", description="the point of their trajectories at which they score")
    at_once: Share = Field(default=0.6, description="share of the examples released at the first step")
    complete: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.5, description="share of the steps after which all are"
    )


class Checkpoints(Strict):
    """Parameters of networks that were trained elsewhere, in a file for each seed and step."""

    files: RawFiles = Field(
        description="their paths, with `{seed}` and `{step}`; `{axis}` stands for this run's own label on an axis"
    )
    every: Annotated[int, Field(ge=1)] = Field(
        default=1, description="how many steps of their training are one of `steps`"
    )
    losses: RawFiles | None = Field(
        default=None, description="a CSV file of what was seen there at some seeds and steps; it must be seen here too"
    )

    def file(self, seed: int, step: int) -> str:
        """The path of a network's parameters; step: one of `steps`."""
        return self.files.replace("{seed}", str(seed)).replace("{step}", str(step * self.every))


class Training(Strict):
    """Every knob of a training."""

    dataset: Label = Field(description="name of an entry of `datasets:`")
    examples: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="first N training examples; null: all"
    )
    skip: Annotated[int, Field(ge=0)] = Field(default=0, description="training examples left out before those")
    half: Literal["both", "first", "second"] = Field(
        default="both", description="of those examples only this half, by a lot of the seed, is ever served"
    )
    noise: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="share of labels moved to another class"
    )
    smoothing: Share = Field(default=0.0, description="share of each target that is spread evenly over all classes")
    teacher: Teacher | None = Field(default=None, description="targets from another run")
    pacing: Pacing | None = Field(default=None, description="examples released one after the other; null: all at once")
    model: Label = Field(description="a file of src/nominima/models/")
    size: Annotated[int, Field(ge=1, le=65_536)] = Field(description="the family's one dial of size")
    model_options: Options = Field(default={}, description="options of that file")
    draw: Annotated[int, Field(ge=0)] = Field(
        default=0, description="which draw of all that a seed leaves to chance but its labels and its halves"
    )
    gain: Positive = Field(default=1.0, description="factor of the family's own initial parameters")
    start: Start | None = Field(default=None, description="initial parameters from another run; null: the family's own")
    prune: Pruning | None = Field(default=None, description="weights held at zero; null: none")
    checkpoints: Checkpoints | None = Field(
        default=None, description="of networks trained elsewhere; null: trained here"
    )
    optimizer: Label = Field(description="a file of src/nominima/optimizers/")
    rate: Rate = Field(
        description="learning rate; of several, each is tried and that with the lowest validation loss is kept"
    )
    schedule: Literal["constant", "linear", "cosine"] = Field(
        default="constant", description="how the rate falls, towards 0"
    )
    optimizer_options: Options = Field(default={}, description="options of that file")
    l2: NonNegative = Field(default=0.0, description="coupled decay: l2·θ is added to the gradient")
    decay: NonNegative = Field(default=0.0, description="decoupled decay: θ shrinks by rate·decay·θ before each step")
    l1: NonNegative = Field(default=0.0, description="proximal lasso: θ moves by rate·l1 towards 0 after each step")
    dropout: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="share of hidden units silent at each step"
    )
    batch: Annotated[int, Field(ge=1)] = Field(description="examples a step")
    steps: Annotated[int, Field(ge=1, le=10_000_000)] = Field(description="optimizer steps")
    first_seed: Annotated[int, Field(ge=0, le=2**31)] = Field(description="seeds count up from here")
    seeds: Annotated[int, Field(ge=1, le=1000)] = Field(description="how many seeds, trained as one stack")
    tested: Literal["stops", "always"] = Field(
        default="stops",
        description="when test examples are looked at: at the start, the two stops and the end; at every metric step",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto: a CUDA device where there is one")

    @property
    def rates(self) -> tuple[float, ...]:
        """The learning rates tried; one where there is no choice."""
        return self.rate if isinstance(self.rate, tuple) else (self.rate,)

    @property
    def sources(self) -> list[str]:
        """Names of the runs whose trajectories it needs, sorted."""
        asked = [each.run for each in (self.start, self.teacher, self.prune, self.pacing) if each]
        return sorted({name for name in (*asked, self.pacing and self.pacing.other) if name})


# Of what lanes of one stack may differ in: what costs the same and changes no shape.
FREE = {
    "noise", "smoothing", "teacher", "pacing", "half", "draw", "gain", "start", "prune", "rate", "l2", "decay", "l1",
    "dropout",
}  # fmt: skip


class Run(Strict):
    """A training under its name: that of its folders, its rows, its lines in the log and inside its files.

    The name is made once, where a sweep is unrolled, of the labels in the order in which the axes are declared.
    """

    stack: str = Field(
        description="`<sweep>/<label>.<label>`: the job that trains it, with all runs that differ in lanes only"
    )
    variant: str = Field(default="", description="`<label>.<label>` of its lanes; empty where the stack holds one run")
    taken: dict[str, str] = Field(
        default={},
        description="start, teacher …, pacing.other → the run taken from, checkpoints.files → the paths; `{axis}` for "
        "its labels of size",
    )
    training: Training

    @property
    def sweep(self) -> str:
        """The sweep it is of."""
        return self.stack.partition("/")[0]

    @property
    def name(self) -> str:
        """The stack, then `/` and the variant: the folder below data/runs/ and data/measures/runs/."""
        return place(self.stack, self.variant)

    @property
    def folder(self) -> Path:
        """Where its trajectory lies."""
        return Path("data/runs") / self.name

    @property
    def seeds(self) -> range:
        """The seeds of its lanes, in lane order."""
        return range(self.training.first_seed, self.training.first_seed + self.training.seeds)


def sparse(run: Run) -> dict[str, Any]:
    """A run without what has its default, options on the shelves included: a new knob changes no spec.

    A default that is changed in the source is another code of all that ask for it.
    """
    told = run.model_dump(mode="json", exclude_defaults=True)
    for key, folder in (("model", "models"), ("optimizer", "optimizers")):
        options = shelf.given(folder, told["training"][key], told["training"].pop(f"{key}_options", {}))
        told["training"] |= {f"{key}_options": options} if options else {}
    return told


def together(runs: list[Run]) -> dict[str, Any]:
    """The runs of one stack as a spec: the first, `sparse`, and of each, in order, the knobs in which they differ."""
    full = [run.training.model_dump(mode="json") for run in runs]
    differing = [key for key in full[0] if any(training[key] != full[0][key] for training in full)]
    each = [sparse(run) for run in runs]
    lanes = [
        {"variant": run.variant, "taken": run.taken}
        | {"training": {key: its["training"].get(key, training[key]) for key in differing}}
        for run, its, training in zip(runs, each, full, strict=True)
    ]
    spec = {"run": each[0]}
    return spec | ({"lanes": lanes} if runs[0].variant else {})


def apart(spec: dict[str, Any]) -> list[Run]:
    """The runs of a spec that `together` made, in the same order, or of one of a single run."""
    first = spec["run"]
    each = spec.get("lanes", [{"training": {}}])
    told = [first | its | {"training": first["training"] | its["training"]} for its in each]
    return [Run.model_validate_json(json.dumps(run)) for run in told]
