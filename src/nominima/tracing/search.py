"""The search for a job: in the working tree's ledgers, and in those of the commits that recorded it."""

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from pathlib import Path

from nominima.tracing import history, repository
from nominima.tracing.history import LEDGERS, Listed, Source

FRUITLESS = 8  # fruitless searches of the whole history, before the inputs left are called missing
Find = Callable[[Source], Listed | None]


class Search:
    """One project, searched."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.here = history.source_here(root)
        self.closed = repository.closed(root)
        self.head = repository.head(root)
        self.sources: list[Source] = []
        self.fruitless = 0

    def first(self, text: str, find: Find) -> Listed | None:
        """The job in the oldest commit whose ledgers gained `text`, else in the working tree."""
        for name in self._commits(text):
            source = source_at(self.root, name)
            found = find(source)
            if found:
                self.sources.append(source)
                return found
        self.fruitless += 1
        return find(self.here)

    def maker(self, path: str, made: str) -> Listed | None:
        """The job that made a file with this content."""
        near = (source.maker(path, made) for source in (*self.sources, self.here))
        found = next(filter(None, near), None)
        if found is None and self.fruitless < FRUITLESS:
            found = self.first(f'"{made}"', lambda source: source.maker(path, made))
        return found

    def others(self, made: str, first: str) -> list[str]:
        """Commits besides the first whose ledgers gained a file with this content, oldest first, merges left out."""
        later = (name for name in self._commits(f'"{made}"') if name != first)
        return repository.without_merges(
            self.root, [name for name in later if source_at(self.root, name).by_digest(made)]
        )

    def cut(self, name: str) -> bool:
        """Whether a commit is the oldest that a shallow clone has of its line: what it holds may be older."""
        return name in repository.boundary(self.root)

    def _commits(self, text: str) -> list[str]:
        starts = ("HEAD", "--all") if self.head else ("--all",)
        return [] if self.closed else repository.commits_with(self.root, text, LEDGERS, starts)

    @cached_property
    def reach(self) -> str:
        """How far the search went, for messages."""
        if self.closed:
            return f"no ledger of {self.root} lists it, and there is no history to search: {self.closed}"
        cut = repository.boundary(self.root)
        hint = " (a shallow clone: `git fetch --unshallow` brings the rest)" if cut else ""
        return f"no ledger of {self.root}, now or in Git's history, lists it{hint}"


def located(searches: Iterable[Search], text: str, find: Find) -> tuple[Search, Listed] | None:
    """The first project that knows a job, with the job."""
    found = ((search, search.first(text, find)) for search in searches)
    return next(((search, place) for search, place in found if place), None)


@cache
def source_at(root: Path, name: str) -> Source:
    """The ledgers of a commit, read once."""
    return history.source_at(root, name)
