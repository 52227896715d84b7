# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Contact sheets: what was said, what was to be found (outlined), and what was found."""

from __future__ import annotations

import cv2
import numpy as np

from eventsam_ros.events.types import Bool, UInt8
from eventsam_ros.inference.words import Words

from .batches import ClipSet
from .objective import Objective
from .score import answers, is_right

_BAR = 14
"""Rows of the line of text over each sentence."""
_FOUND, _WRONG, _TRUTH = (40, 255, 90), (255, 40, 30), (255, 255, 255)
_DARK = 0.3


def _painted(picture: UInt8, mask: Bool, truth: Bool, right: bool) -> UInt8:
    out = np.where(mask[..., None], picture, (_DARK * picture).astype(np.uint8))
    for region, colour in ((truth, _TRUTH), (mask, _FOUND if right else _WRONG)):
        outlines, _ = cv2.findContours(
            region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(out, outlines, -1, colour, 1)
    return np.asarray(out, np.uint8)


def _said(text: str, width: int) -> UInt8:
    bar = np.full((_BAR, width, 3), 20, np.uint8)
    cv2.putText(bar, text, (2, _BAR - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (235, 235, 235), 1,
                cv2.LINE_AA)
    return bar


def contact_sheet(
    objective: Objective, clips: ClipSet, words: Words, count: int, sentences: int = 2,
) -> UInt8:
    """Return clips from left to right in time, each sentence a row under its text.

    What is not in the mask is dark. The mask's outline is green where it overlaps the named object
    most, red where it does not; the named object has a white outline. A network of events alone
    is shown on the pictures of events.

    Args:
        objective: In evaluation mode.
        clips: Of one size.
        words: Tokenizer.
        count: Clips to draw, spread over all of them.
        sentences: Of each clip at most.
    """
    rows: list[UInt8] = []
    for k in np.linspace(0, len(clips) - 1, min(count, len(clips))).astype(int):
        clip = clips[int(k)].only(range(min(sentences, len(clips[int(k)].sentences))))
        logits, _ = answers(objective, clip, words)
        shown = clip.frames
        if objective.recipe.network.modalities == 'events':
            assert clip.pictures is not None
            shown = clip.pictures
        for sentence, drawn in zip(clip.sentences, logits > objective.recipe.mask_threshold,
                                   strict=True):
            cells = []
            for picture, mask, ids in zip(shown, drawn, clip.ids, strict=True):
                truth = ids == sentence.object_id
                right = bool(truth.any()) and is_right(mask, ids, sentence.object_id)
                cells.append(_painted(np.ascontiguousarray(picture), mask, truth, right))
            strip = np.hstack(cells)
            rows += [_said(sentence.text, strip.shape[1]), strip]
    width = max(row.shape[1] for row in rows)
    return np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])
