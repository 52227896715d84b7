# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The metrics written down a second time, as slowly and plainly as their definitions read."""

import itertools
import math

import numpy as np


def colours(picture, least):
    """Return {colour: set of pixels} of a picture's segments with at least that many pixels."""
    segments = {}
    for row, column in itertools.product(*map(range, picture.shape[:2])):
        segments.setdefault(tuple(int(v) for v in picture[row, column]), set()).add((row, column))
    return {k: v for k, v in segments.items() if len(v) >= least}


def published(truth, predicted):
    """Return mP, mR, mIoU, aIoU of two colour-coded pictures."""
    wanted, found = colours(truth, 12), colours(predicted, 12)
    rows = []
    for g in wanted.values():
        best = (0.0, 0.0, 0.0)
        for p in found.values():
            overlap = len(g & p) / len(g | p)
            if overlap > best[2]:
                best = (len(g & p) / len(p), len(g & p) / len(g), overlap)
        rows.append((*best, len(g)))
    if not rows:
        return (math.nan,) * 4
    area = sum(r[3] for r in rows)
    return (*(sum(r[k] for r in rows) / len(rows) for k in range(3)),
            sum(r[2] * r[3] for r in rows) / area)


def assignments(overlap):
    """Yield every one-to-one assignment of rows to columns as pairs; all of the shorter side."""
    rows, columns = overlap.shape
    if rows <= columns:
        for chosen in itertools.permutations(range(columns), rows):
            yield list(enumerate(chosen))
    else:
        for chosen in itertools.permutations(range(rows), columns):
            yield [(r, c) for c, r in enumerate(chosen)]


def corrected_iou(truth, predicted):
    """Return mIoU of the corrected protocol from the side of the truth and of the prediction."""
    white = (255, 255, 255)
    wanted = [v for k, v in colours(truth, 1).items() if k != white]
    found = [v for k, v in colours(predicted, 1).items() if k != white]
    if not wanted:
        return math.nan, 0.0 if found else math.nan
    if not found:
        return 0.0, math.nan
    overlap = np.array([[len(g & p) / len(g | p) for p in found] for g in wanted])
    best = max(sum(overlap[r, c] for r, c in pairs) for pairs in assignments(overlap))
    return best / len(wanted), best / len(found)


def confusion(truth, predicted, classes, ignore):
    """Count pixel by pixel."""
    table = [[0] * (classes + 1) for _ in range(classes)]
    for t, p in zip(truth.ravel().tolist(), predicted.ravel().tolist(), strict=True):
        if t != ignore:
            table[t][p if 0 <= p < classes else classes] += 1
    return table


def contour(mask):
    """Return the contour pixels of a mask, by DAVIS's definition."""
    height, width = mask.shape
    edge = set()
    for row, column in itertools.product(range(height), range(width)):
        here = mask[row, column]
        right = mask[row, column + 1] if column + 1 < width else here
        below = mask[row + 1, column] if row + 1 < height else here
        if row + 1 < height and column + 1 < width:
            corner = mask[row + 1, column + 1]
        elif column + 1 < width:
            corner = right
        else:
            corner = below
        if right != here or below != here or corner != here:
            edge.add((row, column))
    edge.discard((height - 1, width - 1))
    return edge


def boundary_f(mask, truth, share=0.008):
    """Return the contour F-measure from distances between contour pixels."""
    radius = math.ceil(share * math.hypot(*mask.shape))
    found, wanted = contour(mask), contour(truth)
    if not found or not wanted:
        return 1.0 if len(found) == len(wanted) else 0.0

    def near(pixel, others):
        return any((pixel[0] - r) ** 2 + (pixel[1] - c) ** 2 <= radius ** 2 for r, c in others)

    precision = sum(near(p, wanted) for p in found) / len(found)
    recall = sum(near(p, found) for p in wanted) / len(wanted)
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0
