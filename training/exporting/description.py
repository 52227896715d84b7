# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What a bundle says beyond its graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Levels = tuple[float, float, float]


@dataclass(frozen=True)
class Description:
    """How a network wants to be fed and asked; see eventsam_ros.inference.manifest.Manifest.

    Attributes:
        name: Name of the model.
        mean: Grey level (0 to 255) that is subtracted, one a channel.
        std: Grey levels that the rest is divided by, one a channel.
        representation: Event picture.
        window_ms: Length of the windows it was trained on, milliseconds.
        padding: What surrounds the picture.
        prompt_output: Which output answers a prompt.
        point_padding: How a prompt's points are padded.
        box_prior: Whether a box also comes as a mask prompt.
        licence: SPDX identifier of the weights' licence.
        training: How it was trained: recipe, data, metrics.
    """

    name: str
    mean: Levels
    std: Levels
    representation: str = 'robust'
    window_ms: float = 50
    padding: str = 'blank'
    prompt_output: str = 'first'
    point_padding: str = 'slots'
    box_prior: bool = True
    licence: str = 'Apache-2.0'
    training: Mapping[str, object] = field(default_factory=dict)
