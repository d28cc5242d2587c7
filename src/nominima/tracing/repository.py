"""Git, asked about a repository: read only, and nothing that its own configuration names is run."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from nominima.ground.files import Refusal

GIT = (
    "git", "--no-pager", "--no-optional-locks", "--no-replace-objects", "-c", "core.quotePath=false",
    "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8",
)  # fmt: skip
ELSEWHERE = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"}
SET = {"LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1"}  # a partial clone would run what it is fetched by
PLAIN = ("100644", "100755")  # modes of files that are no links


class Commit(NamedTuple):
    """A commit as people know it."""

    id: str
    date: str
    subject: str


def closed(root: Path) -> str | None:
    """Why Git does not open the history at `root`; None where it does."""
    try:
        done = _git(root, "rev-parse", "--git-dir")
    except Refusal as refusal:
        return str(refusal)
    if done.returncode == 0:
        return None
    told = _told(done)
    if "dubious ownership" in told:
        return f"git says {told!r}; `git config --global --add safe.directory {root}` trusts it"
    return "it is in no Git repository" if "not a git repository" in told else f"git says {told!r}"


def head(root: Path) -> str | None:
    """The commit that is checked out; None before the first commit, and where Git does not open the history."""
    if closed(root):
        return None
    done = _git(root, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    return done.stdout.decode().strip() if done.returncode == 0 else None


def resolved(root: Path, name: str) -> str:
    """The commit that a branch, a tag or the start of an id stands for.

    Raises:
        Refusal: it stands for none.
    """
    done = _git(root, "rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if done.returncode != 0:
        cut = ", and `git fetch --unshallow` brings what this shallow clone lacks" if boundary(root) else ""
        raise Refusal(f"{name}: no commit here has this name; `git log --oneline` lists those there are{cut}")
    return done.stdout.decode().strip()


def boundary(root: Path) -> set[str]:
    """The oldest commits of a shallow clone, at which its history is cut; empty in a whole one."""
    file = root / git(root, "rev-parse", "--git-path", "shallow").strip()
    return set(file.read_text().split()) if file.is_file() else set()


def changed(root: Path, *paths: str) -> list[str]:
    """Paths at or below `paths` that differ from HEAD or are not in Git, byte for byte.

    `git status` would run the filters that the repository's own configuration names.
    """
    stored = blobs(root, "HEAD", *paths)
    listed = git(root, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *paths).split("\0")
    known = sorted({*stored, *listed} - {""})
    here = [path for path in known if (root / path).is_file()]
    names = git(
        root, "hash-object", "--no-filters", "--stdin-paths", stdin="".join(f"{path}\n" for path in here).encode()
    )
    found = dict(zip(here, names.split(), strict=True))
    return [path for path in known if found.get(path) != stored.get(path)]


def commit(root: Path, name: str) -> Commit:
    """What Git knows of a commit."""
    return Commit(*git(root, "show", "--no-patch", "--format=%H%x00%cs%x00%s", name).strip().split("\0"))


def commits_with(root: Path, text: str, path: str, starts: tuple[str, ...]) -> list[str]:
    """Commits in which the files below `path` gained or lost a text, oldest first; those of the first start first."""
    search = ["log", "--reverse", "-m", "--no-ext-diff", "--no-textconv", "--format=%H", f"-S{text}"]
    found = [line for start in starts for line in git(root, *search, start, "--", path).split()]
    return list(dict.fromkeys(found))


def without_merges(root: Path, names: list[str]) -> list[str]:
    """Those of the commits that have one parent at most, in the same order."""
    single = set(git(root, "rev-list", "--no-walk", "--no-merges", *names).split()) if names else set()
    return [name for name in names if name in single]


def branches_with(root: Path, name: str) -> list[str] | None:
    """None for a commit of HEAD's history, else the branches and tags that hold it."""
    if _git(root, "merge-base", "--is-ancestor", name, "HEAD").returncode == 0:
        return None
    return git(root, "for-each-ref", "--contains", name, "--format=%(refname:short)").split()


def blobs(root: Path, name: str, *paths: str) -> dict[str, str]:
    """Path from `root` → Git's name of the content, of every plain file of a commit, or at or below `paths`."""
    listed = git(root, "ls-tree", "-r", "-z", name, "--", *paths).split("\0")
    entries = (entry.partition("\t") for entry in listed if entry)
    return {path: told.split()[2] for told, _, path in entries if told.startswith(PLAIN)}


def contents(root: Path, names: list[str], largest: int) -> list[bytes]:
    """Contents by Git's names of them, as they are stored.

    Raises:
        Refusal: one is not there, or has more than `largest` bytes, or all have more than a hundred times that.
    """
    listed = "".join(f"{name}\n" for name in names).encode()
    sizes = git(root, "cat-file", "--batch-check=%(objectsize)", stdin=listed).splitlines()
    for name, size in zip(names, sizes, strict=True):
        if not size.isdecimal():
            raise Refusal(f"Git has no object {name}")
        if int(size) > largest:
            raise Refusal(f"a file of {size} bytes; at most {largest} are read")
    if sum(map(int, sizes)) > 100 * largest:
        raise Refusal(f"files of {sum(map(int, sizes))} bytes; at most {100 * largest} are read")
    told, found, at = git_bytes(root, "cat-file", "--batch", stdin=listed), [], 0
    for size in map(int, sizes):
        start = told.index(b"\n", at) + 1
        found.append(told[start : start + size])
        at = start + size + 1
    return found


def git(root: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What a git command in `root` answers, as text."""
    return git_bytes(root, *arguments, stdin=stdin).decode(errors="replace")


def git_bytes(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """What a git command in `root` answers.

    Raises:
        Refusal: with git's own message.
    """
    done = _git(root, *arguments, stdin=stdin)
    if done.returncode != 0:
        raise Refusal(f"git {arguments[0]} failed in {root}: {_told(done)}")
    return done.stdout


def _told(done: "subprocess.CompletedProcess[bytes]") -> str:
    return next(iter(done.stderr.decode(errors="replace").strip().splitlines()), "no message")


def _git(root: Path, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | SET
    try:
        return subprocess.run(  # noqa: S603 - no shell
            [*GIT, *arguments], cwd=root, input=stdin, capture_output=True, check=False, env=environment
        )
    except FileNotFoundError:
        raise Refusal("git is not installed, or not on the PATH") from None
