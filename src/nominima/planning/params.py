"""What params.yaml holds, as frozen objects: sections, and sweeps unrolled to runs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import chain, product
from typing import Annotated, Any

from pydantic import BaseModel, Discriminator, Field, GetJsonSchemaHandler, Tag, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from nominima.ground.records import Strict
from nominima.planning.run import FREE, Label, Options, Run, Training

ROLES = ("run", "other", "files", "losses")
MORE = "more-"
"""How the last label of a stack of seeds that were added begins; after it their number in `seeds:`, from 1 on."""
BY_PART = ("start", "teacher", "prune", "pacing")
"""What a run takes from that part of another which has its seeds."""

Count = Annotated[int, Field(ge=1, le=1000)]
Counts = Annotated[tuple[Count, ...], Field(min_length=2, max_length=10)]
Seeds = Annotated[
    Annotated[Count, Tag("[one]")] | Annotated[Counts, Tag("[several]")],
    Discriminator(lambda given: "[several]" if isinstance(given, list | tuple) else "[one]"),
]
_TOLD = "how many seeds, trained as one stack; of several numbers, as `[8, 8]`, each is a stack of its own"
_KINDS: dict[str, Any] = {name: field.rebuild_annotation() for name, field in Training.model_fields.items()}
_OPTIONAL: dict[str, Any] = {name: (kind, None) for name, kind in (_KINDS | {"seeds": Seeds}).items()}


class Base(create_model("_Base", __base__=Training, seeds=(Seeds, Field(description=_TOLD)))):
    """Every knob of a training; of seeds there may be several numbers."""


class Changes(create_model("_Changes", __base__=Strict, **_OPTIONAL)):
    """Some fields of the base run, with the same types and limits."""


class LaneChanges(create_model("_LaneChanges", __base__=Strict, **{name: _OPTIONAL[name] for name in sorted(FREE)})):
    """Fields of a training in which lanes of one stack may differ."""


class DatasetEntry(Strict):
    """A data set to prepare."""

    source: Label = Field(description="a file of src/nominima/datasets/")
    options: Options = Field(default={}, description="options of that file")


class Shortened:
    """Axes may be written in short, see planning.axes: so says the schema for editors."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        for labels in schema["patternProperties"].values():
            labels["patternProperties"] = {
                pattern: {"anyOf": [changes, {"type": "array", "minItems": 1}]}
                for pattern, changes in labels["patternProperties"].items()
            }
        return schema


class Sweep(Strict):
    """A named grid of changes to the base training."""

    changes: Changes = Field(Changes(), description="what all its runs change of `training:`")
    axes: Annotated[dict[Label, dict[Label, Changes]], Shortened()] = Field(
        default={},
        description="axis → label → changes; runs are their product. Short, where the axis is one knob: "
        "`size: {w: [4, 8]}` for `size: {w4: {size: 4}, w8: {size: 8}}`",
    )
    lanes: Annotated[dict[Label, dict[Label, LaneChanges]], Shortened()] = Field(
        default={}, description="more axes; runs that differ in these only are trained as one stack by one job"
    )
    measures: tuple[Label, ...] = Field((), description="measured beyond what the claims ask for")
    groups: tuple[Label, ...] = Field((), description="names by which claims ask for it together with other sweeps")


class Trial(Strict):
    """The evidence that a claim is judged on."""

    sweeps: tuple[Label, ...] = Field((), description="entries of `sweeps:`, or groups that some of them are in")
    datasets: tuple[Label, ...] = Field((), description="entries of `datasets:`")
    trends: bool = Field(default=False, description="how all other claims on trial move with size")


class Params(Strict):
    """All of params.yaml."""

    strict: bool = Field(
        default=False, description="whether processors with AVX-512 compute as those of the same maker with AVX2 do"
    )
    datasets: dict[Label, DatasetEntry] = Field(description="data sets, by name")
    training: Base = Field(description="the base run")
    sweeps: dict[Label, Sweep] = Field(description="grids of changes to the base run, by name")
    measures: dict[Label, Options] = Field(description="options of the files of src/nominima/measures/")
    claims: dict[Label, Trial] = Field(description="a file of src/nominima/claims/ → its evidence")

    def asked(self, claim: str) -> list[str]:
        """The sweeps that a claim is judged on, groups written out, in the order of `sweeps:`."""
        wanted = {*self.claims[claim].sweeps}
        return [name for name, sweep in self.sweeps.items() if name in wanted or wanted.intersection(sweep.groups)]

    @property
    def groups(self) -> set[str]:
        """The groups that sweeps are in."""
        return set(chain.from_iterable(sweep.groups for sweep in self.sweeps.values()))

    def runs(self) -> dict[str, Run]:
        """All runs of all sweeps, by name; each takes from those parts of others that have its seeds."""
        parts = {run.name: [run, *more] for name in self.sweeps for run, more in self.unrolled(name)}
        found = [run for its in parts.values() for run in its]
        return {run.name: run if len(found) == len(parts) else _fed(run, parts) for run in found}

    def sweep_runs(self, name: str) -> list[Run]:
        """The runs of one sweep, in the order of its axes and lanes, each before those of the seeds added to it."""
        return [each for run, more in self.unrolled(name) for each in (run, *more)]

    def unrolled(self, name: str) -> Iterator[tuple[Run, list[Run]]]:
        """The runs of one sweep, each with those of the seeds added to it."""
        sweep = self.sweeps[name]
        base = _changed(self.training.model_dump(), sweep.changes)
        axes: dict[str, Any] = sweep.axes | sweep.lanes
        of_kind = [axis for axis, labels in axes.items() if not _sizes(labels.values())]
        for labels in product(*axes.values()):
            chosen = dict(zip(axes, labels, strict=True))
            told = reduce(_changed, [axes[axis][label] for axis, label in chosen.items()], base)
            here, lanes = (".".join(chosen[axis] for axis in kind) for kind in (sweep.axes, sweep.lanes))
            kinds = {axis: chosen[axis] for axis in of_kind}
            taken = {
                key if role == "run" else f"{key}.{role}": value[role]
                for key, value in _named(told, kinds).items()
                for role in _roles(value)
            }
            first, *more = told["seeds"] if isinstance(told["seeds"], tuple) else (told["seeds"],)
            training = Training(**_named(told, chosen) | {"seeds": first})
            run = Run(stack=f"{name}/{here or 'base'}", variant=lanes, taken=taken, training=training)
            yield run, list(_added(run, more))


def stacks(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs that are trained together, by the name of their stack."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.stack, []).append(run)
    return found


def _added(run: Run, counts: Sequence[int]) -> Iterator[Run]:
    """The same with the seeds that follow, each of these counts in a stack of its own: `sizes/w8.more-1`."""
    first = run.seeds.stop
    for at, count in enumerate(counts, start=1):
        training = run.training.model_copy(update={"first_seed": first, "seeds": count})
        yield run.model_copy(update={"stack": f"{run.stack}.{MORE}{at}", "training": training})
        first += count


def _fed(run: Run, parts: Mapping[str, list[Run]]) -> Run:
    """A run that takes from those parts of others which have its seeds; `taken` names the first, as for all seeds."""
    changes: dict[str, Any] = {}
    for key in BY_PART:
        asked = getattr(run.training, key)
        named = {role: _part(run, getattr(asked, role, None), parts) for role in ("run", "other")}
        if new := {role: name for role, name in named.items() if name is not None}:
            changes[key] = asked.model_copy(update=new)
    return run.model_copy(update={"training": run.training.model_copy(update=changes)}) if changes else run


def _part(run: Run, name: str | None, parts: Mapping[str, list[Run]]) -> str | None:
    """The part of another run that has all seeds of a run."""
    there = parts.get(name or "", [])
    return next((part.name for part in there if {*run.seeds} <= {*part.seeds}), None)


def _changed(base: dict[str, Any], changes: BaseModel) -> dict[str, Any]:
    """`base` with the fields that `changes` sets; options are merged key by key."""
    new = changes.model_dump(exclude_unset=True)
    merged = {key: base[key] | value for key, value in new.items() if key.endswith("_options")}
    return base | new | merged


def _named(training: dict[str, Any], chosen: dict[str, str]) -> dict[str, Any]:
    """`training` with the run's own labels in the names of the runs and files that it takes something from."""
    filled = dict(training)
    for key, value in training.items():
        for role in _roles(value):
            name = reduce(lambda told, axis: told.replace(f"{{{axis}}}", chosen[axis]), chosen, value[role])
            filled[key] = filled[key] | {role: name}
    return filled


def _roles(value: Any) -> list[str]:
    """Where a knob names other runs, or files, by labels."""
    return [role for role in ROLES if isinstance(value, dict) and isinstance(value.get(role), str)]


def _sizes(labels: Iterable[BaseModel]) -> bool:
    """Whether an axis is one of size."""
    return any("size" in changes.model_fields_set for changes in labels)
