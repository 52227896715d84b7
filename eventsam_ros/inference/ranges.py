# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""How many prompts a compiled decoder must take."""

from __future__ import annotations

from .bundle import Bundle
from .engines.tensorrt_build import Range
from .packing import BATCH, SLOTS
from .shapes import decoder_shapes

MOST_POINTS = 16
"""Points of one prompt, a box counting two, that a compiled decoder takes."""


def decoder_ranges(bundle: Bundle) -> dict[str, Range]:
    """Return the range of every input of open size of a bundle's decoder.

    One to BATCH prompts of one to MOST_POINTS points go in one call, with one mask or no mask for
    all of them or one for each. Tuned for a full batch of clicks without masks, which is what
    automatic masks ask for.
    """
    inputs, _ = decoder_shapes(bundle)
    low = inputs['mask_input'][2:]
    rows, columns = (side for side in low if side is not None)
    return {
        'point_coords': Range((1, 1, 2), (BATCH, SLOTS, 2), (BATCH, MOST_POINTS, 2)),
        'point_labels': Range((1, 1), (BATCH, SLOTS), (BATCH, MOST_POINTS)),
        'mask_input': Range((1, 1, rows, columns), (1, 1, rows, columns),
                            (BATCH, 1, rows, columns)),
        'has_mask': Range((1,), (1,), (BATCH,))}
