# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The words that sentences about objects are made of, with synonyms."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eventsam_ros.simulation.coloured import COLOURS

Words = Mapping[str, tuple[str, ...]]
ADJECTIVES: Words = MappingProxyType({
    'size=small': ('small', 'little', 'tiny'), 'size=big': ('big', 'large'),
    **{f'colour={name}': (name,) for name in COLOURS}, 'colour=purple': ('purple', 'violet')})
NOUNS: Words = MappingProxyType({
    'shape=circle': ('circle', 'ball', 'disc'), 'shape=square': ('square', 'box', 'block'),
    'shape=triangle': ('triangle',), 'shape=star': ('star',), 'shape=cross': ('cross', 'plus'),
    'shape=ring': ('ring', 'hoop'), 'shape=bar': ('bar', 'stick', 'rod'),
    'shape=moon': ('moon', 'crescent'), '': ('thing', 'object', 'one')})
_TO: Words = MappingProxyType({
    way: (f'moving {to}', f'going {to}', f'that moves {to}', f'which goes {to}')
    for way, to in (('left', 'left'), ('right', 'right'), ('up', 'up'), ('down', 'down'))})
TAILS: Words = MappingProxyType({
    **{f'motion={way}': (*_TO[way], *(() if way in ('up', 'down') else (
        f'moving to the {way}', f'that goes to the {way}'))) for way in _TO},
    'motion=still': ('that does not move', 'not moving', 'standing still', 'that stays in place'),
    'motion=moving': ('that moves', 'that is moving', 'in motion'),
    'motion=spinning': ('that spins', 'spinning', 'that turns around itself', 'rotating'),
    'motion=growing': ('that grows', 'growing', 'getting bigger', 'coming closer'),
    'motion=shrinking': ('that shrinks', 'shrinking', 'getting smaller', 'going away'),
    'motion=fast': ('moving fast', 'that moves quickly', 'going fast'),
    'motion=slow': ('moving slowly', 'that moves slowly', 'going slowly'),
    **{f'place={s}': (f'on the {s}', f'on the {s} side', f'at the {s}')
       for s in ('left', 'right')},
    **{f'place={s}': (f'at the {s}', f'near the {s}') for s in ('top', 'bottom')},
    'place=middle': ('in the middle', 'in the center'),
    **{f'start={s}': (f'that starts on the {s}', f'that begins on the {s}',
                      f'which is on the {s} at first') for s in ('left', 'right')},
    **{f'start={s}': (f'that starts at the {s}', f'that begins at the {s}',
                      f'which is at the {s} at first') for s in ('top', 'bottom')},
    'event=return': ('that leaves and comes back', 'that disappears and returns')})
FIRST: Words = MappingProxyType({
    'left': ('leftmost', 'furthest left'), 'right': ('rightmost', 'furthest right'),
    'top': ('topmost', 'highest'), 'bottom': ('bottommost', 'lowest')})
BEHIND = ('that passes behind {}', 'that goes behind {}', 'hidden by {} for a while')
SIDES: Words = MappingProxyType({
    'left': ('left of {}', 'to the left of {}'), 'right': ('right of {}', 'to the right of {}'),
    'top': ('above {}', 'over {}'), 'bottom': ('below {}', 'under {}')})


def vocabulary() -> tuple[str, ...]:
    """Return every word that sentences can have, sorted."""
    phrases = [w for table in (ADJECTIVES, NOUNS, TAILS, FIRST, SIDES)
               for options in table.values() for w in options]
    words = {w for p in (*phrases, *BEHIND, 'the', 'a') for w in p.replace('{}', '').split()}
    return tuple(sorted(words))
