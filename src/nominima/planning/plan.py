"""Params unrolled to jobs: what each verb makes, from which files, by which spec and code."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from nominima.ground import places
from nominima.ground.places import VERBS, dataset, detail, evidence, figure, verdict
from nominima.ground.texts import canonical
from nominima.planning import adopted, digests, shelf, subjects
from nominima.planning.params import DatasetEntry, Params, stacks
from nominima.planning.run import Run, sparse, together
from nominima.planning.workplace import STRICT

DECIDES, DRAWS = ("judge", "RULE"), ("PANELS", "__doc__")  # what the judge and the figure read of a claim's file


class Job(NamedTuple):
    """One process: files in, files out, the exact values it is given and the digest of the code it can reach."""

    inputs: list[str]
    outputs: list[str]
    spec: str
    code: str


@dataclass(frozen=True)
class Plan:
    """All jobs of all verbs, by name."""

    params: Params

    @cached_property
    def prepare(self) -> dict[str, Job]:
        """A job per data set."""
        return {name: self._prepare(name, entry) for name, entry in self.params.datasets.items()}

    @cached_property
    def train(self) -> dict[str, Job]:
        """A job per stack: all seeds of its runs at once, trained, or adopted from checkpoints."""
        return {name: self._train(runs) for name, runs in self.stacks.items()}

    @cached_property
    def measure(self) -> dict[str, Job]:
        """A job per subject (a stack of runs, a data set, or theory) and one more per measure of it that is apart."""
        return {name: self._measure(name) for name in self._measuring()}

    @cached_property
    def judge(self) -> dict[str, Job]:
        """A job per claim, and the scoreboard over all of them."""
        jobs = {name: self._judge(name) for name in self.params.claims}
        spec, code = self._spec({"claims": sorted(jobs)}), digests.code("verbs.judge:judge")
        scoreboard = Job([verdict(name) for name in jobs], [verdict("scoreboard")], spec, code)
        return jobs | {"scoreboard": scoreboard}

    @cached_property
    def report(self) -> dict[str, Job]:
        """A job per picture: each claim's card and detail, the scoreboard; the page of all; and what DVC compares."""
        figures = {name: self._figure(name, {"figure": name}) for name in self.judge}
        figures |= {detail(name): self._figure(name, {"detail": name}) for name in self.params.claims}
        page = Job(
            inputs=[
                *(verdict(name) for name in self.judge),
                *(file for job in figures.values() for file in job.outputs if file.endswith(".svg")),
                *map(places.ledger, VERBS[:-1]),
            ],
            outputs=["reports/index.html"],
            spec=canonical({"claims": sorted(self.params.claims)}),
            code=digests.code("verbs.page:page", *self._words()),
        )
        metrics = Job(
            inputs=[*map(verdict, sorted(self.params.claims)), verdict("scoreboard")],
            outputs=list(places.METRICS),
            spec=canonical({"metrics": sorted(self.params.claims)}),
            code=digests.code("verbs.metrics:metrics"),
        )
        return figures | {"page": page, "metrics": metrics}

    def jobs(self, verb: str) -> dict[str, Job]:
        """The jobs of a verb, by name."""
        return getattr(self, verb)

    @property
    def strict(self) -> dict[str, str]:
        """The variables that all jobs see beside those that they always see."""
        return STRICT if self.params.strict else {}

    @property
    def by_verb(self) -> dict[str, dict[str, Job]]:
        """The jobs of all verbs."""
        return {verb: self.jobs(verb) for verb in VERBS}

    def outputs(self, verb: str) -> list[str]:
        """Every file a verb makes, its ledger left out."""
        return [file for job in self.jobs(verb).values() for file in job.outputs]

    @cached_property
    def runs(self) -> dict[str, Run]:
        """All runs, by name."""
        return self.params.runs()

    @cached_property
    def stacks(self) -> dict[str, list[Run]]:
        """The runs that are trained together, by the name of their stack."""
        return stacks(self.runs.values())

    @cached_property
    def of_sweep(self) -> dict[str, dict[str, list[Run]]]:
        """Sweep → its stacks → their runs."""
        found: dict[str, dict[str, list[Run]]] = {name: {} for name in self.params.sweeps}
        for name, runs in self.stacks.items():
            found[runs[0].sweep][name] = runs
        return found

    def variants(self, sweep: str) -> list[str]:
        """What the folders of a stack's runs are called below the stack's; [""] where it holds one run."""
        return [run.variant for run in next(iter(self.of_sweep[sweep].values()))]

    @property
    def patterns(self) -> dict[str, dict[str, list[str]]]:
        """What the rules that train, adopt and measure are made of: kind → pattern of jobs → their files."""
        found: dict[str, dict[str, list[str]]] = {"train": {}, "adopt": {}}
        for sweep, its in self.of_sweep.items():
            stack, (first, *_) = f"{sweep}/{subjects.LABELS}", next(iter(its.values()))
            found["adopt" if first.training.checkpoints else "train"][stack] = self.trajectories(stack)
        return found | {"measure": {subject: self.tables(subject) for subject in self.measured}}

    def trajectories(self, pattern: str) -> list[str]:
        """The files of a stack named `<sweep>/<labels>`."""
        folders = [places.place(pattern, variant) for variant in self.variants(pattern.partition("/")[0])]
        return [f"data/runs/{at}/{file}" for at in folders for file in places.TRAJECTORY]

    def tables(self, job: str) -> list[str]:
        """The files of all that a measuring job, or a pattern of such jobs, makes."""
        subject = subjects.split(job)[0]
        kind, _, name = subject.partition("/")
        variants = self.variants(name.partition("/")[0]) if kind == "runs" else [""]
        measures = self.measured[subjects.pattern(job)]
        return [places.table(places.place(subject, variant), measure) for variant in variants for measure in measures]

    @cached_property
    def wanted(self) -> dict[str, list[str]]:
        """Subject, or pattern of subjects → what is measured of it."""
        return subjects.wanted(self.params)

    @cached_property
    def measured(self) -> dict[str, list[str]]:
        """Measuring job, or pattern of such jobs → the measures that it takes."""
        return subjects.cut(self.wanted)

    def _measuring(self) -> Iterator[str]:
        yield from (job for job in self.measured if subjects.LABELS not in job)
        for stack in self.stacks:
            own = f"runs/{stack}"
            of_sweep = subjects.pattern(own)
            yield from (job.replace(of_sweep, own) for job in self.measured if subjects.split(job)[0] == of_sweep)

    def _spec(self, asked: dict[str, Any]) -> str:
        """The spec of a job that computes: what is asked of it, and under which variables beside the usual ones."""
        return canonical(asked | ({"strict": self.strict} if self.strict else {}))

    def _prepare(self, name: str, entry: DatasetEntry) -> Job:
        options = shelf.given("datasets", entry.source, entry.options)
        return Job(
            inputs=_raw(entry),
            outputs=[dataset(name)],
            spec=self._spec({"dataset": name, "source": entry.source, "options": options}),
            code=digests.code("verbs.prepare:prepare", f"datasets.{entry.source}"),
        )

    def _train(self, runs: list[Run]) -> Job:
        training = runs[0].training
        sources = {name: self.runs[name] for name in sorted({name for run in runs for name in run.training.sources})}
        spec = together(runs)
        if sources:
            spec["sources"] = {name: sparse(run) for name, run in sources.items()}
        taken = [f"data/runs/{name}/{file}" for name in sources for file in places.TRAJECTORY]
        models = {f"models.{run.training.model}" for run in (*runs, *sources.values())}
        raw = [file for run in runs for file in adopted.files(run)]
        roots = ["verbs.adopt:adopt"] if raw else ["verbs.train:train", f"optimizers.{training.optimizer}"]
        return Job(
            inputs=[dataset(training.dataset), *raw, *taken],
            outputs=self.trajectories(runs[0].stack),
            spec=self._spec(spec),
            code=digests.code(roots[0], *sorted(models), *roots[1:]),
        )

    def _measure(self, job: str) -> Job:
        subject = subjects.split(job)[0]
        kind, _, name = subject.partition("/")
        measures = self.measured[subjects.pattern(job)]
        options = {each: shelf.given("measures", each, self.params.measures.get(each, {})) for each in measures}
        spec: dict[str, Any] = {"subject": subject, "measures": options}
        inputs: list[str] = []
        roots = ["verbs.measure:measure", *(f"measures.{measure}" for measure in measures)]
        if kind == "runs":
            training = self.stacks[name][0].training
            spec |= together(self.stacks[name])
            inputs = [dataset(training.dataset), *self.train[name].outputs]
            roots += [f"models.{training.model}", f"optimizers.{training.optimizer}"]  # their options are columns
        elif kind == "datasets":
            inputs = [dataset(name)]
        return Job(inputs, self.tables(job), self._spec(spec), digests.code(*roots))

    def _judge(self, claim: str) -> Job:
        """The judge sees tables alone: what a sweep says of its runs is in the specs of those, and in their columns."""
        trial = self.params.claims[claim]
        others = sorted(name for name, its in self.params.claims.items() if trial.trends and not its.trends)
        asked = {"datasets": [*trial.datasets], "sweeps": sorted(self.params.asked(claim))}
        asked |= {"trends": others} if trial.trends else {}
        return Job(
            inputs=[*self._tables(claim), *map(places.trends, others)],
            outputs=[verdict(claim), evidence(claim), places.trends(claim)],
            spec=self._spec({"claim": claim, "trial": asked}),
            code=digests.code("verbs.judge:judge", *(f"claims.{claim}:{part}" for part in DECIDES)),
        )

    def _words(self) -> list[str]:
        """The words of all claims on trial."""
        return [f"claims.{name}:__doc__" for name in self.params.claims]

    def _figure(self, name: str, spec: dict[str, str]) -> Job:
        numbers = [] if name == "scoreboard" else [evidence(name)]
        claim = self._words() if name == "scoreboard" else [f"claims.{name}:{part}" for part in DRAWS]
        return Job(
            inputs=[verdict(name), *numbers],
            outputs=[figure(detail(name) if "detail" in spec else name, kind) for kind in places.FIGURE],
            spec=canonical(spec),
            code=digests.code("verbs.report:report", *claim),
        )

    def _tables(self, claim: str) -> list[str]:
        """The measurements a claim is judged on."""
        trial, wanted = self.params.claims[claim], subjects.read(claim)
        of = {"theory", *(f"datasets/{name}" for name in trial.datasets)}
        of |= {f"runs/{name}" for sweep in self.params.asked(claim) for name in self.of_sweep[sweep]}
        made = {file for name, job in self.measure.items() if subjects.split(name)[0] in of for file in job.outputs}
        return sorted(file for file in made if Path(file).stem in wanted)


def _raw(entry: DatasetEntry) -> list[str]:
    """The raw files that a data set is made from: those its options name, and by default those its shelf file names."""
    fields = shelf.options("datasets", entry.source).model_fields
    values = {name: field.default for name, field in fields.items()} | entry.options
    return [value for value in values.values() if str(value).startswith("data/raw/")]
