# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Changes of a clip that leave its sentences true; one draw serves all frames.

Where the published training of RefSAM makes a sentence untrue, this does not: hues stay where a
colour is named, tones nearly stay where white, black or the like is, what says where something is
keeps the whole picture, and left and right are swapped as whole words. Pictures are averaged or
interpolated when their size changes; the published code takes the nearest pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from eventsam_ros.events.types import Float32, UInt8

from ...data.pair import resized_frame, resized_ids
from ...data.views import event_augment
from .clip import Clip, mirrored
from .named import HUES, PLACES, TONES, names

FINE_TUNING = (288, 320, 352, 392, 416, 448, 480, 512)
"""Sides that RefSAM draws from on videos, pixels."""
_TRIES = 4


@dataclass(frozen=True)
class Augmentation:
    """How much a clip is changed.

    Attributes:
        jitter: Probability of each change of colour, 0 to 1; 0.7 is published.
        strength: Brightness, contrast and saturation are multiplied by 1 - strength to
            1 + strength; 0.5 is published.
        hue: Largest turn of the hue, as a share of the circle; 0.1 is published.
        tone: Strength where white, black or the like is named.
        flip: Probability that left and right are swapped; 0.5 is published.
        crop: Probability of a crop; 0.5 is published.
        least_crop: Smallest share of a side that a crop keeps; each side has its own.
        sides: Sides, in pixels, that width and height are drawn from, each by itself; none keeps
            the size.
        events: Whether pictures of events are thinned, made noisy and changed in contrast
            (training.data.views.event_augment); false where they are not `robust`.
    """

    jitter: float = 0.7
    strength: float = 0.5
    hue: float = 0.1
    tone: float = 0.15
    flip: float = 0.5
    crop: float = 0.5
    least_crop: float = 0.65
    sides: tuple[int, ...] = ()
    events: bool = True

    def __post_init__(self) -> None:
        """Refuse values outside their ranges.

        Raises:
            ValueError: One of them.
        """
        for name, high in (('jitter', 1.0), ('strength', 0.99), ('hue', 0.5), ('tone', 0.99),
                           ('flip', 1.0), ('crop', 1.0), ('least_crop', 1.0)):
            if not 0 <= getattr(self, name) <= high:
                raise ValueError(f'{name} must be 0 to {high}, but got {getattr(self, name)}')
        if self.least_crop < 0.1 or any(side < 8 for side in self.sides):
            raise ValueError('least_crop must be at least 0.1 and sides at least 8 pixels, but '
                             f'got {self.least_crop} and {self.sides}')


def augment(clip: Clip, wanted: Augmentation, rng: np.random.Generator) -> Clip:
    """Return the clip changed at random; all its sentences stay true.

    Args:
        clip: Keep only the sentences that are used (Clip.only): each may forbid a change.
        wanted: How much.
        rng: Source of chance.
    """
    texts = [s.text for s in clip.sentences]
    tones = names(texts, TONES)
    colour = replace(
        wanted, hue=0.0 if names(texts, HUES) else wanted.hue,
        strength=min(wanted.tone, wanted.strength) if tones else wanted.strength)
    clip = replace(clip, frames=jittered(clip.frames, colour, rng))
    if wanted.events and clip.pictures is not None:
        seed = int(rng.integers(2 ** 31))
        clip = replace(clip, pictures=np.stack([
            event_augment(picture, np.random.default_rng(seed), swap=0.0 if tones else 0.5)
            for picture in clip.pictures]))
    if rng.random() < wanted.flip:
        clip = mirrored(clip)
    crops = rng.random() < wanted.crop and not names(texts, PLACES)
    rows, columns = clip.ids.shape[1:]
    size = columns, rows
    if wanted.sides:
        size = tuple(int(v) for v in rng.choice(wanted.sides, 2))  # type: ignore[assignment]
    return _resized(_cropped(clip, wanted.least_crop, rng) if crops else clip, size)


def jittered(frames: UInt8, wanted: Augmentation, rng: np.random.Generator) -> UInt8:
    """Return frames, uint8 [T, H, W, 3], in other colours, the same change for all.

    Brightness, contrast, saturation, hue and contrast again, each with the same probability.
    """
    out = frames.astype(np.float32)
    low, high = 1 - wanted.strength, 1 + wanted.strength
    for kind in ('brightness', 'contrast', 'saturation', 'hue', 'contrast'):
        if rng.random() >= wanted.jitter:
            continue
        if kind == 'hue':
            out = _turned(out, rng.uniform(-wanted.hue, wanted.hue)) if wanted.hue else out
            continue
        factor = np.float32(rng.uniform(low, high))
        if kind == 'brightness':
            out = out * factor
        else:
            grey = _grey(out)
            around = grey.mean() if kind == 'contrast' else grey[..., None]
            out = around + factor * (out - around)
        out = np.clip(out, 0, 255)
    return np.asarray(np.rint(out), np.uint8)


def _grey(frames: Float32) -> Float32:
    return np.asarray(frames @ np.asarray([0.299, 0.587, 0.114], np.float32), np.float32)


def _turned(frames: Float32, share: float) -> Float32:
    """Turn the hue by a share of the circle."""
    tall = np.ascontiguousarray(frames.reshape(-1, *frames.shape[2:]) / np.float32(255))
    hsv = cv2.cvtColor(tall, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * share) % 360
    back = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255
    return np.asarray(back.reshape(frames.shape), np.float32)


def _cropped(clip: Clip, least: float, rng: np.random.Generator) -> Clip:
    """Return a part of the picture in which every object that is named shows in some frame."""
    rows, columns = clip.ids.shape[1:]
    named = {s.object_id for s in clip.sentences}
    shown = {i for i in named if (clip.ids == i).any()}
    for _ in range(_TRIES):
        w, h = (round(side * rng.uniform(least, 1)) for side in (columns, rows))
        x, y = int(rng.integers(columns - w + 1)), int(rng.integers(rows - h + 1))
        part = np.s_[:, y:y + h, x:x + w]
        if all((clip.ids[part] == i).any() for i in shown):
            return replace(
                clip, frames=clip.frames[part], ids=clip.ids[part],
                pictures=None if clip.pictures is None else clip.pictures[part])
    return clip


def _resized(clip: Clip, size: tuple[int, int]) -> Clip:
    rows, columns = clip.ids.shape[1:]
    if (columns, rows) == size:
        return clip

    def to_size(stack: UInt8) -> UInt8:
        return np.stack([resized_frame(np.ascontiguousarray(f), size) for f in stack])
    return replace(
        clip, frames=to_size(clip.frames),
        pictures=None if clip.pictures is None else to_size(clip.pictures),
        ids=np.stack([resized_ids(np.ascontiguousarray(f), size) for f in clip.ids]))
