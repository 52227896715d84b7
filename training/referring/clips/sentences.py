# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sentences about objects, and only what is true of just one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .claims import (
    AXES,
    Claim,
    all_of,
    behind_claim,
    extreme_claim,
    motion_claims,
    names_only,
    place_claims,
    return_claim,
    side_claim,
    size_claims,
    start_claims,
)
from .clip import Sentence
from .facts import Facts
from .grammar import ADJECTIVES, BEHIND, FIRST, NOUNS, SIDES, TAILS

_TRIES = 40


@dataclass(frozen=True)
class Draft:
    """Part of a sentence and of what is true of whom.

    Attributes:
        claim: Whom it is true of, [K].
        attributes: What it uses.
        words: The words so far.
    """

    claim: Claim
    attributes: tuple[str, ...]
    words: str


class Speaker:
    """Says sentences about the objects of one clip."""

    def __init__(
        self, facts: Facts, looks: Sequence[tuple[str, str]], rng: np.random.Generator,
    ) -> None:
        """Measure what can be said.

        Args:
            facts: Of the clip.
            looks: Colour and shape of each object.
            rng: Source of chance.
        """
        self._facts, self._rng = facts, rng
        self._looks = list(looks)
        self._adjectives = {f'size={k}': v for k, v in size_claims(facts).items()}
        for colour, _ in looks:
            self._adjectives[f'colour={colour}'] = _equal([c for c, _ in looks], colour)
        self._shapes = {
            f'shape={s}': _equal([n for _, n in looks], s) for _, s in looks}
        self._tails = {
            **{f'motion={k}': v for k, v in motion_claims(facts).items()},
            **{f'place={k}': v for k, v in place_claims(facts).items()},
            **{f'start={k}': v for k, v in start_claims(facts).items()},
            'event=return': return_claim(facts)}

    def about(self, k: int, kinds: Sequence[str]) -> Sentence | None:
        """Return a sentence that is true of object k alone, or None where none was found.

        Args:
            k: Number of the object, from 0.
            kinds: What the sentence may end with: 'motion', 'place', 'start', 'event', 'extreme',
                'behind', 'side', or '' for nothing; one is drawn.
        """
        for _ in range(_TRIES):
            kind = kinds[int(self._rng.integers(len(kinds)))]
            draft = self._ended(self._phrase(k, most=3 if kind == '' else 2), k, kind)
            if draft is not None and names_only(draft.claim, k):
                article = ('the ', 'the ', 'the ', 'a ', '')[int(self._rng.integers(5))]
                if article == 'a ' and kind in ('', 'motion') and draft.words[0] not in 'aeiou':
                    return Sentence(article + draft.words, k + 1, draft.attributes)
                article = '' if article == '' else 'the '
                return Sentence(article + draft.words, k + 1, draft.attributes)
        return None

    def _one(self, options: Sequence[str]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def _phrase(self, k: int, most: int) -> Draft:
        """Return adjectives and a noun that are true of object k, of up to so many attributes."""
        colour, shape = self._looks[k]
        own = [f'colour={colour}', f'shape={shape}', *(
            name for name, claim in self._adjectives.items()
            if name.startswith('size') and claim[k] == 1)]
        count = int(self._rng.integers(0, most + 1))
        used = [str(a) for a in self._rng.permutation(own)[:count]]
        claims = [(self._adjectives | self._shapes)[name] for name in used]
        noun = next((name for name in used if name in NOUNS), '')
        words = [self._one(ADJECTIVES[name]) for name in ADJECTIVES if name in used]
        return Draft(
            all_of(*claims) if claims else np.ones(len(self._looks)), tuple(used),
            ' '.join([*words, self._one(NOUNS[noun])]))

    def _ended(self, draft: Draft, k: int, kind: str) -> Draft | None:
        """Return a phrase with an end of a kind that is true of object k."""
        if kind == '':
            return draft
        if kind == 'extreme':
            sides = [s for s in AXES if extreme_claim(self._facts, draft.claim, s)[k] == 1]
            if not sides:
                return None
            side = self._one(sides)
            return Draft(extreme_claim(self._facts, draft.claim, side),
                         (*draft.attributes, f'extreme={side}'),
                         self._placed(draft.words, self._one(FIRST[side])))
        if kind in ('behind', 'side'):
            return self._related(draft, k, kind)
        names = [name for name, claim in self._tails.items()
                 if name.startswith(f'{kind}=') and claim[k] == 1]
        if not names:
            return None
        name = self._one(names)
        return Draft(all_of(draft.claim, self._tails[name]), (*draft.attributes, name),
                     f'{draft.words} {self._one(TAILS[name])}')

    def _placed(self, words: str, first: str) -> str:
        return f'{words} {first}' if ' ' in first else f'{first} {words}'

    def _related(self, draft: Draft, k: int, kind: str) -> Draft | None:
        """Return a phrase with another object in it, which is named by its looks."""
        options = [
            (j, side) for j in range(len(self._looks)) if j != k
            for side in ([''] if kind == 'behind' else SIDES)]
        for at in self._rng.permutation(len(options)):
            j, side = options[int(at)]
            claim = all_of(draft.claim, side_claim(self._facts, j, side) if side else
                           behind_claim(self._facts, j))
            reference = self._phrase(j, most=2)
            if names_only(claim, k) and names_only(reference.claim, j):
                words = self._one(SIDES[side] if side else BEHIND)
                return Draft(
                    claim, (*draft.attributes, f'side={side}' if side else 'behind',
                            *(f'other {a}' for a in reference.attributes)),
                    f'{draft.words} {words.format(f"the {reference.words}")}')
        return None


def _equal(values: Sequence[str], wanted: str) -> Claim:
    return np.asarray([float(v == wanted) for v in values])
