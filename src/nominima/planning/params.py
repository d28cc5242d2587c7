"""What params.yaml holds, as frozen objects: sections, and sweeps unrolled to runs."""

from collections.abc import Iterable
from functools import reduce
from itertools import chain, product
from typing import Annotated, Any

from pydantic import BaseModel, Field, GetJsonSchemaHandler, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from nominima.ground.records import Strict
from nominima.planning.run import FREE, Label, Options, Run, Training

ROLES = ("run", "other", "files", "losses")
_OPTIONAL: dict[str, Any] = {name: (field.rebuild_annotation(), None) for name, field in Training.model_fields.items()}


class Changes(create_model("_Changes", __base__=Strict, **_OPTIONAL)):
    """Some fields of a training, with the same types and limits."""


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

    datasets: dict[Label, DatasetEntry] = Field(description="data sets, by name")
    training: Training = Field(description="the base run")
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
        """All runs of all sweeps, by name."""
        return {run.name: run for name in self.sweeps for run in self.sweep_runs(name)}

    def sweep_runs(self, name: str) -> list[Run]:
        """The runs of one sweep, in the order of its axes and lanes."""
        sweep = self.sweeps[name]
        base = _changed(self.training.model_dump(), sweep.changes)
        axes: dict[str, Any] = sweep.axes | sweep.lanes
        runs = []
        for labels in product(*axes.values()):
            chosen = dict(zip(axes, labels, strict=True))
            told = reduce(_changed, [axes[axis][label] for axis, label in chosen.items()], base)
            here, lanes = (".".join(chosen[axis] for axis in kind) for kind in (sweep.axes, sweep.lanes))
            kinds = {axis: label for axis, label in chosen.items() if not _sizes(axes[axis].values())}
            taken = {
                key if role == "run" else f"{key}.{role}": value[role]
                for key, value in _named(told, kinds).items()
                for role in _roles(value)
            }
            training = Training(**_named(told, chosen))
            runs.append(Run(stack=f"{name}/{here or 'base'}", variant=lanes, taken=taken, training=training))
        return runs


def stacks(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """The runs that are trained together, by the name of their stack."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.stack, []).append(run)
    return found


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
