# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What panoramas are taught with: the stitched assistant, E, M and B_ref, as files.

The assistant that tells is left alone while another network learns from it, so all of this is
made once and read many times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eventsam_ros.events.types import Bool, Float32, UInt8

from ..distill.progress import Progress
from ..errors import RecipeError
from ..kept import kept_for, put
from ..semantic.classes import IGNORE
from .boundary import refined
from .fusion import Fused, Fusion, fuse
from .mask_cache import MaskCache
from .masks import Masks
from .pictures import Panoramas
from .predict import Windowed
from .stitching import Taper, counted, majority, stitch
from .windows import Overlap, View, Windows

_SUMMARY = 'summary.json'
_LEVELS = 255


@dataclass(frozen=True)
class Told:
    """What is told of one panorama.

    Attributes:
        shares: S_TA^w, the stitched class probabilities, 255 is 1, uint8 [C, H, W].
        labels: The likeliest class of it, uint8 [H, W].
        ensemble: E of each window, uint8 [h, w].
        sure: E_H of each window, IGNORE where M is 0.
        hits: Overlaps whose B_ref has an edge at a pixel, uint8 [H, W].
        seen: Overlaps that cover it, uint8 [H, W].
    """

    shares: UInt8
    labels: UInt8
    ensemble: tuple[UInt8, ...]
    sure: tuple[UInt8, ...]
    hits: UInt8
    seen: UInt8


def overlap_masks(masks: Sequence[Bool], windows: Windows, overlap: Overlap) -> Bool:
    """Return the masks of both windows of an overlap on what they share, bool [N, h, w]."""
    parts = []
    for number in (overlap.first, overlap.second):
        rows, columns = overlap.view.within(windows.views[number], windows.width)
        parts.append(masks[number][:, rows, columns])
    return np.concatenate(parts)


def _at_edges(view: View, windows: Windows, margin: int) -> Bool:
    """Return the pixels of a window near those edges of it that are not the panorama's."""
    found = np.zeros((view.height, view.width), np.bool_)
    if not margin:
        return found
    if view.width < windows.width:
        if windows.wrap or view.left > 0:
            found[:, :margin] = True
        if windows.wrap or view.left + view.width < windows.width:
            found[:, -margin:] = True
    if view.top > 0:
        found[:margin] = True
    if view.top + view.height < windows.height:
        found[-margin:] = True
    return found


def settled(parts: Sequence[Fused], windows: Windows, given: Fusion,
            classes: int) -> tuple[list[UInt8], list[UInt8]]:
    """Return E and E_H of every window with what cut-off masks say settled (Fusion.edges)."""
    ensemble, sure = [p.ensemble for p in parts], [p.sure for p in parts]
    if given.edges == 'core':
        margins = [_at_edges(view, windows, given.margin) for view in windows.views]
        return tuple(  # type: ignore[return-value]
            [np.where(m, IGNORE, one).astype(np.uint8) for m, one in zip(
                margins, maps, strict=True)] for maps in (ensemble, sure))
    if given.edges == 'vote':
        voted = [majority(counted(maps, windows, classes)) for maps in (ensemble, sure)]
        return tuple(  # type: ignore[return-value]
            [one[v.rows][:, v.columns(windows.width)] for v in windows.views] for one in voted)
    return ensemble, sure


def in_turn(count: int) -> list[int]:
    """Return the numbers below `count`, from where this process begins, as torchrun says.

    Every process comes by all of them, so that none goes on before all is there; since each begins
    elsewhere, most is done already when another one comes to it.
    """
    world, rank = int(os.environ.get('WORLD_SIZE', '1')), int(os.environ.get('RANK', '0'))
    first = rank * count // world
    return [*range(first, count), *range(first)]


class Targets:
    """A folder with a file for each panorama, and a summary."""

    def __init__(self, folder: Path, windows: Windows) -> None:
        """Name the folder and the windows that it is about."""
        self.folder, self.windows = folder, windows

    def path(self, name: str) -> Path:
        """Return the file of a panorama."""
        return self.folder / f'{name}.npz'

    def whole(self, names: Sequence[str]) -> bool:
        """Return whether everything is there."""
        return (self.folder / _SUMMARY).exists() and all(self.path(n).exists() for n in names)

    def make(
        self, tell: Windowed, panoramas: Panoramas, masks: MaskCache, how: Telling,
        said: dict[str, Any],
    ) -> dict[str, Any]:
        """Write what is missing.

        Args:
            tell: The assistant, which is not trained here.
            panoramas: Of what.
            masks: Of all windows; of all overlaps behind them where `how.masks` says so.
            how: Fusion, boundaries and stitching.
            said: What it depends on.

        Returns:
            The summary: shares of the classes in S_TA^w, E and E_H, share of reliable pixels, of
            pixels where E differs from S_TA^w, and of pixels on a refined boundary.

        Raises:
            RecipeError: The folder holds what was told otherwise, or masks are missing.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        kept_for(self.folder, said, 'labels')
        with Progress(len(panoramas), 'fusion', 'panoramas') as progress:
            for k in in_turn(len(panoramas)):
                name = panoramas.names[k]
                progress.advance()
                if not self.path(name).exists():
                    told = self.tell(tell.parts(panoramas[k].picture), masks.read(name), how)
                    self._write(name, told)
        return self._summarise(panoramas.names)

    def tell(self, parts: Sequence[Float32], masks: Sequence[Bool], how: Telling) -> Told:
        """Return what is told of a panorama.

        Args:
            parts: Class probabilities of every window, float32 [C, h, w].
            masks: Of every window; of every overlap behind them where `how.masks` says so.
            how: Fusion, boundaries and stitching.
        """
        windows, count = self.windows, len(self.windows.views)
        shares = stitch(parts, windows, how.taper)
        fused = [fuse(m, p, how.fusion) for m, p in zip(masks[:count], parts, strict=True)]
        ensemble, sure = settled(fused, windows, how.fusion, len(shares))
        hits = np.zeros((windows.height, windows.width), np.uint8)
        seen = np.zeros_like(hits)
        for k, overlap in enumerate(windows.overlaps):
            view = overlap.view
            labels = []
            for number in (overlap.first, overlap.second):
                rows, columns = view.within(windows.views[number], windows.width)
                labels.append(np.asarray(parts[number][:, rows, columns].argmax(0), np.uint8))
            own = (masks[count + k] if how.masks.boundary == 'overlap'
                   else overlap_masks(masks, windows, overlap))
            place = np.ix_(np.arange(view.top, view.top + view.height),
                           view.columns(windows.width))
            hits[place] += refined(own, labels[0], labels[1], how.radius)
            seen[place] += 1
        return Told(
            np.rint(shares * _LEVELS).astype(np.uint8), shares.argmax(0).astype(np.uint8),
            tuple(ensemble), tuple(sure), hits, seen)

    def _write(self, name: str, told: Told) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f'.part{os.getpid()}.npz')
        windows = {f'{kind}_{k}': one for kind in ('ensemble', 'sure')
                   for k, one in enumerate(getattr(told, kind))}
        np.savez_compressed(part, shares=told.shares, labels=told.labels, hits=told.hits,
                            seen=told.seen, **windows)
        part.replace(path)

    def read(self, name: str) -> Told:
        """Return what is told of a panorama.

        Raises:
            RecipeError: Nothing, or the file is damaged.
        """
        count = len(self.windows.views)
        try:
            with np.load(self.path(name)) as file:
                return Told(
                    file['shares'], file['labels'],
                    tuple(file[f'ensemble_{k}'] for k in range(count)),
                    tuple(file[f'sure_{k}'] for k in range(count)), file['hits'], file['seen'])
        except (OSError, ValueError, KeyError) as error:
            raise RecipeError(f'{self.path(name)} cannot be read: run the stage before again '
                              f'({error})') from error

    def _summarise(self, names: Sequence[str]) -> dict[str, Any]:
        classes = len(self.read(names[0]).shares)
        counts = {kind: np.zeros(classes + 1, np.int64)
                  for kind in ('stitched', 'ensemble', 'sure')}
        changed, edges = [], []
        for name in names:
            told = self.read(name)
            counts['stitched'] += _histogram(told.labels, classes)
            for view, one, sure in zip(
                    self.windows.views, told.ensemble, told.sure, strict=True):
                counts['ensemble'] += _histogram(one, classes)
                counts['sure'] += _histogram(sure, classes)
                before = told.labels[view.rows][:, view.columns(self.windows.width)]
                changed.append(np.mean((one != before)[one != IGNORE]))
            edges.append(float((told.hits > 0).mean()))
        summary: dict[str, Any] = {
            'panoramas': len(names),
            'reliable': round(float(counts['sure'][:-1].sum() / counts['sure'].sum()), 4),
            'changed': round(float(np.nanmean(changed)), 4),
            'boundary': round(float(np.mean(edges)), 4),
            **{f'classes_{kind}': [round(float(v), 4) for v in of[:-1] / max(of[:-1].sum(), 1)]
               for kind, of in counts.items()}}
        put(self.folder / _SUMMARY, json.dumps(summary, indent=1))
        return summary


@dataclass(frozen=True)
class Telling:
    """How targets are made; see recipe.PanoramicRecipe."""

    fusion: Fusion
    masks: Masks
    radius: int
    taper: Taper


def _histogram(labels: UInt8, classes: int) -> NDArray[np.int64]:
    """Return the pixels of each class, and last those without, int64 [classes + 1]."""
    return np.bincount(np.minimum(labels, classes).reshape(-1), minlength=classes + 1)
