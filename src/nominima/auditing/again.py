"""Jobs run again, each as a process of its own in a folder of its own, by the source that the subject names."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from nominima.auditing.recipe import FirstSteps, Recipe
from nominima.auditing.subject import Name, Subject
from nominima.ground.files import write
from nominima.planning import digests, workplace
from nominima.tracing.job import INTERRUPTED

START = "auditing.start"
"""What makes the first steps of a training."""
RECORDED = "recorded"
NOWHERE = "is nowhere here with its recorded bytes"
COST = re.compile(r"^cost: .*$", re.MULTILINE)


class Made(NamedTuple):
    """A job that was tried: the folder of its new outputs, or why there are none; and the seconds that it took."""

    folder: Path | None
    why: str = ""
    seconds: float = 0.0


def make_again(
    subject: Subject, recipe: Recipe, aside: Path, cores: int, tell: Callable[[Name, Made], None]
) -> dict[Name, Made]:
    """Run the jobs of a recipe, as many at once as there are cores, each when those that it rests on are done.

    Args:
        subject: what the recipe is of.
        recipe: which jobs.
        aside: an empty folder for all that is made.
        cores: how many jobs at once.
        tell: is told of each job when it is done or found impossible.
    """
    stored = {file: subject.stored(file, aside / RECORDED) for file in recipe.given}
    found: dict[Name, Made] = {}
    order = TopologicalSorter(recipe.rests)
    order.prepare()
    waiting: dict[Future[Made], Name] = {}
    running = Running()
    pool = ThreadPoolExecutor(cores)
    try:
        while order.is_active():
            for name in order.get_ready():
                folder = aside / str(recipe.jobs.index(name))
                waiting[pool.submit(_tried, subject, recipe, name, folder, dict(found), stored, running)] = name
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                name = waiting.pop(future)
                found[name] = future.result()
                order.done(name)
                tell(name, found[name])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        running.stop()
        pool.shutdown()
    return found


class Running:
    """The processes of jobs that run now; after `stop` none starts any more."""

    def __init__(self) -> None:
        self._lock, self._processes, self._over = Lock(), set[subprocess.Popen[str]](), False

    def run(self, command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
        """Run a command to its end: its exit code and all that it printed."""
        with self._lock:
            if self._over:
                return INTERRUPTED, "interrupted"
            process = subprocess.Popen(  # noqa: S603 - no shell
                command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            self._processes.add(process)
        printed, _ = process.communicate()
        with self._lock:
            self._processes.discard(process)
        return process.returncode, printed

    def stop(self) -> None:
        """End all that still runs."""
        with self._lock:
            self._over = True
            for process in self._processes:
                process.terminate()


def _tried(
    subject: Subject,
    recipe: Recipe,
    name: Name,
    folder: Path,
    found: dict[Name, Made],
    stored: dict[str, Path | None],
    running: Running,
) -> Made:
    """A job, with the new outputs of those that it rests on and its other inputs as recorded."""
    if name in recipe.obstacles:
        return Made(None, recipe.obstacles[name])
    for file in subject.job(name).inputs:
        maker = subject.makers.get(file)
        if maker in recipe.rests[name]:
            made = found[maker].folder
            place, why = made and made / file, f"{' '.join(maker)} could not be made again"
        else:
            place, why = stored[file], f"{file} {NOWHERE}"
        if place is None:
            return Made(None, why)
        _link(folder / file, place)
    start = recipe.starts.get(name)
    for file in subject.job(name).outputs if start else []:
        place = stored[file]
        if place is None:
            return Made(None, f"{file} {NOWHERE}")
        _link(folder / RECORDED / file, place)
    return _run(subject, name, folder, running, start)


def _link(at: Path, to: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(to)


def _run(subject: Subject, name: Name, folder: Path, running: Running, start: FirstSteps | None) -> Made:
    """One job in its folder, or the start of one."""
    job, before = subject.job(name), time.monotonic()
    told = ["--spec", job.spec, "--code", job.code, "--inputs", *job.inputs, "--outputs", *job.outputs]
    write(folder / "arguments.txt", "\n".join(told).encode())
    module = START if start else job.code.partition("@")[0].split("+")[0].partition(":")[0]
    environment = {key: value for key, value in os.environ.items() if key not in workplace.WITHOUT}
    environment |= workplace.VARIABLES | subject.anew.strict | {"PYTHONPATH": str(subject.package.parent)}
    command = [sys.executable, "-m", f"{digests.SOURCE.name}.{module}", "@arguments.txt"]
    command += [RECORDED, str(start.until)] if start else []
    ended, printed = running.run(command, folder, environment)
    seconds = time.monotonic() - before
    if ended == 0:
        return Made(folder, "", seconds)
    lines = COST.sub("", printed).strip().splitlines()
    return Made(None, f"it failed: {lines[-1] if lines else f'exit code {ended}'}", seconds)
