import logging
from enum import Enum
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent
from test_estimate import COSTS, plan

from nominima.estimating.estimate import estimate
from nominima.estimating.progress import Progress, expected
from nominima.planning.guard import rule_name
from nominima.planning.plan import Plan
from nominima.tracing.standing import NOTHING


def event(kind: Enum, **told: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"event": kind, **told})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def finish(progress: Progress, clock: Clock, job: int, rule: str, now: float) -> None:
    progress.handle(event(LogEvent.JOB_INFO, jobid=job, rule_name=rule))
    clock.now = now
    progress.handle(event(LogEvent.JOB_FINISHED, job_id=job))


def test_time_left_is_told_by_expected_work() -> None:
    said: list[str] = []
    clock = Clock()
    progress = Progress(lambda: {"train_s": 100.0, "judge": 1.0}, said.append, clock)
    progress.handle(event(LogEvent.RUN_INFO, stats={"train_s": 3, "judge": 100, "all": 1, "total": 104}))
    finish(progress, clock, 1, "judge", 10.0)
    assert said == []
    finish(progress, clock, 2, "train_s", 101.0)
    assert said == ["progress: 25% of the expected work done, 101 jobs left, about 5 min to go"]
    finish(progress, clock, 3, "all", 200.0)
    finish(progress, clock, 4, "train_s", 110.0)
    assert len(said) == 1
    finish(progress, clock, 5, "train_s", 36_000.0)
    assert said[1:] == ["progress: 75% of the expected work done, 99 jobs left, about 3.3 h to go"]


def test_odd_events_stop_nothing() -> None:
    progress = Progress(dict, print)
    for record in (event(LogEvent.JOB_INFO), event(LogEvent.JOB_FINISHED, job_id=7), event(LogEvent.RUN_INFO)):
        progress.handle(record)
    progress.handle(logging.makeLogRecord({"event": None}))
    progress.handle(logging.makeLogRecord({"msg": "text"}))


def test_every_job_is_known_by_its_rule() -> None:
    whole: Plan = plan()
    rules = expected(estimate(whole, COSTS, 1, NOTHING))
    made = {rule_name("train", "s"), *(rule_name("measure", subject) for subject in whole.measured)}
    assert rules.keys() == made | {"prepare", "judge", "figure", "detail", "page", "metrics", "seal"}
    assert rules["figure"] == 5.0
