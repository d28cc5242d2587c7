"""Names of cells for a card: data and noise as a group, what tells them apart as a label, what goes without saying."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

Words = tuple[str, ...]


class Short(NamedTuple):
    """Names in short. groups: name → data set and noise, "" where there are none; labels: name → the rest, in short.

    usual: group → the words that its labels leave out, but for those of `everywhere`, which all groups have.
    """

    groups: dict[str, str]
    labels: dict[str, str]
    usual: dict[str, str]
    everywhere: str


def in_short(names: Iterable[str], keep: Collection[str] = ()) -> Short:
    """Names as `judging.lanes` gives them to cells: `digits, noise 0.0, mlp, adam` is `mlp` of `digits, noise 0.0`.

    A word is left out of all labels where most of each group that has it do, labels stay different and none becomes
    empty; those to keep never are.
    """
    every = list(dict.fromkeys(names))
    parts = {name: _split(name) for name in every}
    if not any(rest for _, rest in parts.values()):
        return Short(dict.fromkeys(every, ""), dict(zip(every, every, strict=True)), {"": ""}, "")
    groups = {name: group for name, (group, _) in parts.items()}
    rests = {group: [rest for its, rest in parts.values() if its == group] for group in groups.values()}
    gone = _usual(list(rests.values()), keep)
    labels = {name: ", ".join(_without(rest, gone)) or group for name, (group, rest) in parts.items()}
    having = {group: {word for rest in its for word in rest} for group, its in rests.items()}
    everywhere = tuple(word for word in gone if all(word in words for words in having.values()))
    usual = {
        group: ", ".join(word for word in gone if word in words and word not in everywhere)
        for group, words in having.items()
    }
    return Short(groups, labels, usual, ", ".join(everywhere))


def with_model(name: str, model: str | None) -> str:
    """A name that tells its network's family, as `cnn, 1500 steps`, also where another knob tells the cells apart."""
    group, rest = _split(name)
    return name if model is None or model in rest else ", ".join(filter(None, (group, model, *rest)))


def _split(name: str) -> tuple[str, Words]:
    first, *rest = name.split(", ")
    if rest and rest[0].startswith("noise "):
        return f"{first}, {rest[0]}", tuple(rest[1:])
    return "", (first, *rest)


def _usual(groups: Sequence[Sequence[Words]], keep: Collection[str]) -> Words:
    """The words left out, in the order of names; the last of a name are tried first."""
    last = {word: rest.index(word) for rests in groups for rest in rests for word in rest if word not in keep}
    gone: Words = ()
    for word in sorted(last, key=lambda word: -last[word]):
        those = [rests for rests in groups if any(word in rest for rest in rests)]
        if all(_spare(rests, word, gone) for rests in those):
            gone = (word, *gone)
    return gone


def _spare(rests: Sequence[Words], word: str, gone: Words) -> bool:
    """Whether most of a group have a word, and their labels do without it."""
    left = [_without(rest, (*gone, word)) for rest in rests]
    most = 2 * sum(word in rest for rest in rests) > len(rests)
    return most and all(left) and len(set(left)) == len(set(rests))


def _without(rest: Words, gone: Words) -> Words:
    return tuple(word for word in rest if word not in gone)
