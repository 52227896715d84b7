# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How good answers are: J, F, and whether it was the named object that was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from eventsam_ros.evaluation.metrics.video import boundary_f, region_j
from eventsam_ros.events.tensors import NO_EVENT
from eventsam_ros.events.types import Bool, Float32, UInt8
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.words import Words

from .batches import ClipSet, encoded, inside_of, placed
from .clips.clip import Clip
from .objective import Objective


@dataclass(frozen=True)
class SentenceScore:
    """What came of one sentence about one clip.

    Attributes:
        clip: Name of the clip.
        scenario: Of the clip.
        kinds: What the sentence uses: colour, shape, motion and so on.
        j: Mean IoU over the frames.
        f: Mean contour accuracy over the frames.
        right: Share of the frames that show the object in which the mask overlaps it more than
            any other object; nan where none shows it.
        right_late: The same over the second half of the frames, when tracks have told most.
        chance: How often it would be right by naming any object that shows.
        score: Mean expected IoU, where the network was taught to expect one.
    """

    clip: str
    scenario: str
    kinds: tuple[str, ...]
    j: float
    f: float
    right: float
    right_late: float
    chance: float
    score: float


@torch.no_grad()
def answers(objective: Objective, clip: Clip, words: Words) -> tuple[Float32, Float32]:
    """Return logits float32 [S, T, H, W] in the clip's pixels and scores float32 [S, T].

    Frame after frame, as on the vehicle: no frame is told what comes after it.

    Args:
        objective: In evaluation mode.
        clip: With S sentences.
        words: Tokenizer.
    """
    recipe = objective.recipe
    device = objective.get_buffer('image_mean').device
    count, rows, columns = clip.ids.shape
    box = Letterbox(columns, rows, recipe.width, recipe.height)

    def tensor(stack: UInt8, fill: int) -> torch.Tensor:
        return torch.from_numpy(placed(stack, box, fill)).to(device)

    looks = recipe.network.modalities
    pictures = None
    if looks != 'images':
        assert clip.pictures is not None
        pictures = tensor(clip.pictures, NO_EVENT)
    inside = torch.from_numpy(inside_of(box)).to(device).expand(count, -1, -1)
    seen = objective.see(
        None if looks == 'events' else tensor(clip.frames, 0), pictures, inside)
    ids, there = encoded([s.text for s in clip.sentences], words)
    said = objective.network.say(ids.to(device), there.to(device))
    frames = [seen.chosen(torch.tensor([t], device=device)) for t in range(count)]
    logits, scores = objective.network.follow(frames, said)
    low_rows, low_columns = box.cells[1], box.cells[0]
    full = F.interpolate(logits[..., :low_rows, :low_columns].float(), (rows, columns),
                         mode='bilinear', align_corners=False)
    return (np.asarray(full.transpose(0, 1).cpu().numpy(), np.float32),
            np.asarray(scores.T.float().cpu().numpy(), np.float32))


def is_right(mask: Bool, ids: UInt8, target: int) -> bool:
    """Return whether a mask overlaps the target by a greater IoU than any other object.

    Args:
        mask: bool [H, W].
        ids: Objects, uint8 [H, W]; the target is among them.
        target: Its id.
    """
    best, chosen = 0.0, 0
    for number in np.unique(ids):
        if number and (found := region_j(mask, ids == number)) > best:
            best, chosen = found, int(number)
    return chosen == target


def score_clip(objective: Objective, clip: Clip, words: Words) -> Iterator[SentenceScore]:
    """Yield the score of each sentence of a clip."""
    logits, expected = answers(objective, clip, words)
    counts = (int(np.count_nonzero(np.unique(ids))) for ids in clip.ids)
    chance = _mean(1 / count if count else float('nan') for count in counts)
    for sentence, drawn, score in zip(
            clip.sentences, logits > objective.recipe.mask_threshold, expected, strict=True):
        truth = clip.ids == sentence.object_id
        js = [region_j(m, t) for m, t in zip(drawn, truth, strict=True)]
        fs = [boundary_f(m, t) for m, t in zip(drawn, truth, strict=True)]
        right = np.asarray([
            is_right(m, ids, sentence.object_id) if t.any() else np.nan
            for m, t, ids in zip(drawn, truth, clip.ids, strict=True)], np.float64)
        kinds = tuple(dict.fromkeys(a.partition('=')[0] for a in sentence.attributes))
        late = right[len(right) // 2:]
        yield SentenceScore(
            clip.name, clip.scenario, kinds, float(np.mean(js)), float(np.mean(fs)),
            _mean(right), _mean(late), chance, float(np.mean(score)))


def _mean(values: Iterable[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else float('nan')


def score_clips(
    objective: Objective, clips: ClipSet, words: Words, most: int | None = None,
) -> list[SentenceScore]:
    """Return the scores of all sentences of some clips, or of the first `most` of them."""
    objective.eval()
    count = len(clips) if most is None else min(most, len(clips))
    return [found for k in range(count) for found in score_clip(objective, clips[k], words)]


def summary(scores: Iterable[SentenceScore]) -> dict[str, float]:
    """Return the means over sentences: J, F, J&F, how often the object was right, and chance."""
    listed = list(scores)
    j, f = (_mean(getattr(s, name) for s in listed) for name in ('j', 'f'))
    return {'j': j, 'f': f, 'j_and_f': (j + f) / 2, 'right': _mean(s.right for s in listed),
            'right_late': _mean(s.right_late for s in listed),
            'chance': _mean(s.chance for s in listed)}
