"""Which mentions are one entity: blocking, comparison, and a union that respects every contradiction.

The result depends on the mentions only, not on the order in which they were found: they are put in the order of the
document first, and unions are made from the surest to the least sure.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from crucible_assets.extractions.entities.compare import Verdict, compare_names, contradiction
from crucible_assets.extractions.entities.mention import Decision, Mention
from crucible_assets.extractions.entities.names import folded_name, name_of
from resources.vocabulary import ResolutionMethod

_CROWD = 12  # names that share a word; a word that more share tells nothing about who is who
_PREFIX = 4  # letters

Pair = tuple[int, int]  # indices of two mentions, the smaller first


@dataclass(frozen=True, slots=True)
class Compared:
    """Mentions in the order of the document, and what comparing them said; `open` pairs wait for a model."""

    mentions: tuple[Mention, ...]
    verdicts: Mapping[Pair, Verdict] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Pair, ...]:
        """The pairs that only a model can decide, the most alike first."""
        undecided = [pair for pair, verdict in self.verdicts.items() if verdict.same is None]
        return tuple(sorted(undecided, key=lambda pair: (-(self.verdicts[pair].score or 0.0), pair)))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model said about a pair; `same` is None where it could not be asked."""

    same: bool | None
    reason: str
    call_key: str | None = None


def compare_mentions(mentions: Sequence[Mention]) -> Compared:
    """Compare every pair of mentions that may be one entity."""
    ordered = tuple(sorted(mentions, key=lambda mention: mention.order))
    verdicts: dict[Pair, Verdict] = {}
    for one, other in _same_places(ordered):
        verdicts[one, other] = Verdict(True, ResolutionMethod.RULE, "the same row or item of the document")
    heads: list[int] = []  # one mention for each distinct name, and for each row of a series of entities
    by_name: dict[str, list[int]] = defaultdict(list)
    for index, mention in enumerate(ordered):
        equal = [head for head in by_name[folded_name(mention.name)] if not _apart(ordered[head], mention)]
        if equal:
            verdicts.setdefault((equal[0], index), compare_names(ordered[equal[0]].name, mention.name))
        if not equal or (all(ordered[head].item is None for head in equal) and mention.item is not None):
            heads.append(index)
            by_name[folded_name(mention.name)].append(index)
    for one, other in _blocked(ordered, heads):
        if (one, other) not in verdicts and not _apart(ordered[one], ordered[other]):
            verdicts[one, other] = compare_names(ordered[one].name, ordered[other].name)
    return Compared(ordered, _without_ambiguous(verdicts))


def _apart(one: Mention, other: Mention) -> bool:
    """Whether two mentions stand in different rows of one series that lists entities: never one entity."""
    return (
        one.item is not None
        and other.item is not None
        and one.item[0] == other.item[0]
        and one.item[1] != other.item[1]
    )


def _same_places(mentions: Sequence[Mention]) -> Iterator[Pair]:
    """Pairs that two overlapping stretches found in one row, where each of them found a single one in it."""
    by_item: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, mention in enumerate(mentions):
        if mention.item is not None:
            by_item[mention.item].append(index)
    for indices in by_item.values():
        if len({mentions[index].stretch for index in indices}) == len(indices):
            yield from ((indices[0], index) for index in indices[1:])


def _blocked(mentions: Sequence[Mention], heads: Sequence[int]) -> list[Pair]:
    """The pairs that share an identifier, a word, a beginning, or letters with an acronym."""
    blocks: dict[str, list[int]] = defaultdict(list)
    for index in heads:
        for key in _block_keys(mentions[index].name):
            blocks[key].append(index)
    pairs = {
        pair
        for key, indices in blocks.items()
        if len(indices) <= _CROWD or key.startswith(("id ", "name "))
        for pair in combinations(indices, 2)
    }
    return sorted(pairs)


def _block_keys(text: str) -> set[str]:
    name = name_of(text)
    keys = {f"id {identifier}" for identifier in name.strong}
    keys |= {f"word {word}" for word in name.words if len(word) > 1}
    keys |= {f"begins {word[:_PREFIX]}" for word in name.words[:1] if len(word) > _PREFIX}
    keys.add(f"name {' '.join(sorted(name.words))} {' '.join(sorted(name.identifiers))}")
    if len(name.initials) > 1:
        keys.add(f"initials {name.initials}")
    if name.capitals:
        keys.add(f"initials {name.capitals}")
    if name.alias:
        keys |= {f"word {word}" for word in name_of(name.alias).words}
    return keys


def _without_ambiguous(verdicts: Mapping[Pair, Verdict]) -> dict[Pair, Verdict]:
    """'J. Smith' fits John and Jane Smith: initials or an acronym that fit several that differ decide nothing."""
    fits: dict[int, set[int]] = defaultdict(set)
    for (one, other), verdict in verdicts.items():
        if verdict.same and verdict.weak:
            fits[one].add(other)
            fits[other].add(one)

    def differ(indices: set[int]) -> bool:
        known = (verdicts.get((min(p), max(p))) for p in combinations(indices, 2))
        return any(verdict is None or not verdict.same for verdict in known)

    ambiguous = {index for index, others in fits.items() if len(others) > 1 and differ(others)}
    return {
        pair: replace(verdict, same=None, reason=f"{verdict.reason}, but of several names")
        if verdict.same and verdict.weak and ambiguous & set(pair)
        else verdict
        for pair, verdict in verdicts.items()
    }


def decide(
    compared: Compared, judged: Mapping[Pair, Judgement]
) -> tuple[tuple[tuple[int, ...], ...], tuple[Decision, ...]]:
    """The groups of mentions that are one entity, in the order of the document, and every decision.

    `judged` are a model's answers for the open pairs. What nobody decided stays apart, and the decision says so.
    """
    mentions = compared.mentions
    verdicts, calls = dict(compared.verdicts), {}
    for pair in compared.open:
        answer = judged.get(pair, Judgement(None, "no model was asked"))
        method = ResolutionMethod.MODEL if answer.same is not None else verdicts[pair].method
        reason = answer.reason if answer.same is not None else f"{verdicts[pair].reason}; {answer.reason}"
        verdicts[pair] = replace(verdicts[pair], same=bool(answer.same), method=method, reason=reason)
        calls[pair] = answer.call_key
    union = _Union(mentions, verdicts)
    for pair in sorted((p for p, v in verdicts.items() if v.same), key=lambda p: (_strength(verdicts[p]), p)):
        refused = union.join(*pair)
        if refused is not None:
            verdicts[pair] = replace(verdicts[pair], same=False, reason=f"{verdicts[pair].reason}; but {refused}")
    decisions = tuple(
        Decision(
            pair[0] + 1, pair[1] + 1, mentions[pair[0]].name, mentions[pair[1]].name,
            bool(v.same), v.method, v.reason, v.score, calls.get(pair),
        )
        for pair, v in sorted(verdicts.items())
    )  # fmt: skip
    return union.groups(), decisions


def _strength(verdict: Verdict) -> int:
    if verdict.method is ResolutionMethod.SAME_NAME:
        return 0
    if verdict.method is ResolutionMethod.RULE:
        return 3 if verdict.weak else 1
    return 2 if verdict.method is ResolutionMethod.SIMILARITY else 4


class _Union:
    """Groups of mentions that grow only where no member contradicts another."""

    def __init__(self, mentions: Sequence[Mention], verdicts: Mapping[Pair, Verdict]) -> None:
        self._mentions = mentions
        self._denied = {
            pair
            for pair, verdict in verdicts.items()
            if verdict.same is False and verdict.method in (ResolutionMethod.RULE, ResolutionMethod.MODEL)
        }
        self._group = {index: [index] for index in range(len(mentions))}

    def join(self, one: int, other: int) -> str | None:
        """Make two mentions' groups one; gives the reason where members of them contradict each other."""
        left, right = self._group[one], self._group[other]
        if left is right:
            return None
        for a in left:
            for b in right:
                reason = self._contradiction(a, b)
                if reason is not None:
                    return reason
        left.extend(right)
        for index in right:
            self._group[index] = left
        return None

    def _contradiction(self, a: int, b: int) -> str | None:
        one, other = self._mentions[a], self._mentions[b]
        if _apart(one, other):
            return "they stand in different rows of one table or list"
        if one.item is not None and one.item == other.item:
            return None
        if (min(a, b), max(a, b)) in self._denied:
            return f"{one.name!r} and {other.name!r} are not the same"
        return contradiction(one.name, other.name)

    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Every group once, each in the order of the document, by its first mention."""
        distinct = {id(group): tuple(sorted(group)) for group in self._group.values()}
        return tuple(sorted(distinct.values()))
