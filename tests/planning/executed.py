"""Runs jobs one after the other in this process and writes down which code of the package each of them executed.

`python executed.py TASK.json OUT.json`; nothing of the package is imported before the first job. A call counts unless
it is made, directly or through others, by what only frames a job; what the verb itself calls always counts.
"""

import json
import runpy
import sys
import threading
from collections.abc import Callable
from functools import cache
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FrameType

Span = tuple[str, int, int]
"""A file and the first and the last line of a definition in it."""


def within(file: str, line: int, spans: list[Span]) -> bool:
    return any(file == of and first <= line <= last for of, first, last in spans)


COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}


def plain(frame: FrameType) -> bool:
    """Whether it is a comprehension in a value that a module gives a name: no call of any definition."""
    back = frame.f_back
    return frame.f_code.co_name in COMPREHENSIONS and back is not None and back.f_code.co_name == "<module>"


def counts(frame: FrameType | None, answer: Callable[[CodeType], bool | None]) -> bool:
    while frame is not None:
        told = answer(frame.f_code)
        if told is not None:
            return told
        frame = frame.f_back
    return True


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text())
    executed: list[set[tuple[str, int]]] = []

    @cache
    def told(file: str, line: int, name: str) -> bool | None:
        if within(file, line, task["work"]) or name == "<module>":
            return True
        return False if within(file, line, task["frames"]) else None

    def answer(code: CodeType) -> bool | None:
        """Whether what it calls counts, as far as it alone decides."""
        return told(code.co_filename, code.co_firstlineno, code.co_name)

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(task["source"]) or not code.co_flags & CO_OPTIMIZED:
            return
        place = (code.co_filename, code.co_firstlineno)
        if place not in executed[-1] and not plain(frame) and counts(frame, answer):
            executed[-1].add(place)

    for job in task["jobs"]:
        executed.append(set())
        sys.argv = ["job", *job["arguments"]]
        threading.setprofile(profile)
        sys.setprofile(profile)
        try:
            runpy.run_module(job["module"], run_name="__main__", alter_sys=True)
        finally:
            sys.setprofile(None)
    Path(task["out"]).write_text(json.dumps([sorted(each) for each in executed]))


if __name__ == "__main__":
    main()
