# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Clips from seeds."""

from __future__ import annotations

from collections.abc import Sequence
import zlib

import numpy as np

from .actors import Stage
from .clip import Clip, Sentence
from .facts import LEAST_SHARE, Facts, measure
from .filming import ClipSettings, film, stage_scene
from .scenarios import SCENARIOS
from .sentences import Speaker
from .splits import SPLITS, pairs_of

ENDS = {
    'plain': ('', '', 'motion', 'place', 'extreme', 'side', 'side', 'start', 'behind'),
    'looks': ('', '', '', 'place'),
    'look-alikes': ('start', 'start', 'motion', 'motion', 'behind', 'behind', 'extreme', ''),
    'motion': ('motion',),
    'return': ('', 'event', 'start', 'motion', 'place', 'extreme')}
"""What sentences of a scenario may end with (see Speaker.about)."""
MOST_SENTENCES = 6
_ATTEMPTS = 200


def make_clip(
    seed: int, split: str, scenario: str, settings: ClipSettings | None = None,
) -> Clip:
    """Return the clip of a seed; equal arguments give equal clips.

    Args:
        seed: At least 0; splits never share a clip, whatever their seeds.
        split: One of SPLITS.
        scenario: One of SCENARIOS.
        settings: Size, length and timing; the defaults where None.

    Raises:
        ValueError: Unknown split or scenario.
    """
    if scenario not in SCENARIOS:
        raise ValueError(
            f'scenario must be one of {", ".join(SCENARIOS)}, but got {scenario!r}')
    settings = settings or ClipSettings()
    pairs = pairs_of(split)
    stage = Stage(settings.frames, settings.height / settings.width)
    for attempt in range(_ATTEMPTS):
        rng = np.random.default_rng(
            [seed, SPLITS.index(split), zlib.crc32(scenario.encode()), attempt])
        cast = SCENARIOS[scenario](rng, stage, pairs)
        staged = stage_scene(cast, settings, rng)
        layers = np.stack([staged.scene.picture(float(t))[1] for t in settings.instants])
        facts = measure(staged, layers, settings.instants)
        if not _seen(facts, scenario):
            continue
        speaker = Speaker(facts, [(a.colour, a.shape) for a in cast], rng)
        said = _sentences(speaker, len(cast), ENDS[scenario], rng)
        if len({s.object_id for s in said}) < 2:
            continue
        numbers = np.concatenate([[0], 1 + rng.permutation(len(cast))]).astype(np.uint8)
        frames, pictures = film(staged, settings, rng)
        sentences = tuple(
            Sentence(s.text, int(numbers[s.object_id]), s.attributes) for s in said)
        looks = [f'{cast[k].colour} {cast[k].shape}' for k in np.argsort(numbers[1:])]
        return Clip(frames, pictures, numbers[layers], sentences,
                    f'{split}/{scenario}/{seed}', scenario, tuple(looks))
    raise RuntimeError(f'no clip of {scenario} was found for seed {seed} of {split}')


def _seen(facts: Facts, scenario: str) -> bool:
    """Return whether every object shows at first, mostly uncovered, and long enough."""
    first = facts.areas[0]
    often = (facts.areas >= LEAST_SHARE).mean(0)
    if first.min() < 2 * LEAST_SHARE or often.min() < 0.5:
        return False
    hidden = facts.covers.max(1)
    if scenario == 'look-alikes':
        return bool(hidden.max() > 0.5)
    return bool(hidden.max() < {'plain': 0.95, 'looks': 0.95, 'motion': 0.7}.get(scenario, 2.0))


def _sentences(
    speaker: Speaker, count: int, ends: Sequence[str], rng: np.random.Generator,
) -> list[Sentence]:
    """Return up to MOST_SENTENCES different sentences, about all objects in turn."""
    found: dict[str, Sentence] = {}
    for k in (*rng.permutation(count), *rng.permutation(count)):
        sentence = speaker.about(int(k), ends)
        if sentence is not None and len(found) < MOST_SENTENCES:
            found.setdefault(sentence.text, sentence)
    return list(found.values())
