# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Settings of automatic masks, each with its unit and range, ready to become parameters."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

STRATEGIES = ('events', 'grid')


@dataclass(frozen=True)
class Setting:
    """What may be said about one option.

    Attributes:
        description: One sentence.
        unit: Unit of the value; '1' for a share or a ratio, '' for a name.
        low: Least value, or None for a name.
        high: Greatest value, or None for a name.
        choices: Names that are allowed, empty for a number.
    """

    description: str
    unit: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def _option(default: Any, description: str, unit: str, low: float, high: float) -> Any:
    return field(default=default,
                 metadata={'setting': Setting(description, unit, low, high)})


@dataclass(frozen=True)
class AutomaticOptions:
    """How masks are found where nobody points; `settings()` gives unit and range of each."""

    strategy: str = field(default='events', metadata={'setting': Setting(
        'Where to click: on places with events and on objects seen before, or on a grid (SAM).',
        '', choices=STRATEGIES)})
    prompts: int = _option(12, 'Most clicks in a window (strategy events).', 'clicks', 1, 256)
    points_per_side: int = _option(
        8, 'Clicks across and down the picture (strategy grid).', 'clicks', 1, 64)
    pred_iou: float = _option(
        0.45, 'Least IoU with the object that the network expects of a mask.', '1', 0, 1)
    stability: float = _option(
        0.5, 'Least IoU of a mask with itself when its threshold moves (SAM).', '1', 0, 1)
    stability_offset: float = _option(
        1.0, 'How far the threshold moves for the stability.', 'logits', 0, 20)
    nms_iou: float = _option(0.5, 'IoU above which the worse of two masks goes.', '1', 0, 1)
    containment: float = _option(
        0.9, 'Share of the smaller of two masks inside the other above which the worse goes; '
             '1 keeps parts of objects.', '1', 0, 1)
    min_area: int = _option(150, 'Least area of a mask.', 'pixels', 0, 10_000_000)
    max_area: float = _option(0.8, 'Greatest share of the picture that a mask covers.', '1', 0, 1)
    min_region: int = _option(
        150, 'Holes and islands of a mask below this area are cleaned away.', 'pixels',
        0, 10_000_000)
    min_events: int = _option(
        60, 'Least events in a mask, lone ones and more than 8 a pixel not counted.', 'events',
        0, 10_000_000)
    min_density: float = _option(
        0.02, 'Least events in a mask for each of its pixels, counted alike.', 'events/pixel',
        0, 8)
    min_window_events: int = _option(
        500, 'Windows with fewer events, counted alike, are empty: the network does not run.',
        'events', 0, 10_000_000)
    max_masks: int = _option(64, 'Most masks in a window, the best ones.', 'masks', 1, 1000)
    track_iou: float = _option(
        0.3, 'Least IoU with an object of earlier windows to get its id.', '1', 0, 1)
    track_memory: int = _option(
        5, 'Windows for which an object that is not seen keeps its id.', 'windows', 0, 100)

    @classmethod
    def settings(cls) -> dict[str, Setting]:
        """Return description, unit and range of every option, by name."""
        return {option.name: option.metadata['setting'] for option in fields(cls)}

    def validate(self) -> None:
        """Check every option.

        Raises:
            ValueError: One is of the wrong type or out of its range; the sentence says which.
        """
        for name, setting in self.settings().items():
            value = getattr(self, name)
            if setting.choices:
                if value not in setting.choices:
                    raise ValueError(
                        f'{name} must be one of {", ".join(setting.choices)}, but got {value!r}')
                continue
            whole = isinstance(getattr(AutomaticOptions, name), int)
            number = isinstance(value, int if whole else (int, float))
            if not number or isinstance(value, bool):
                kind = 'a whole number' if whole else 'a number'
                raise ValueError(f'{name} must be {kind}, but got {value!r}')
            assert setting.low is not None
            assert setting.high is not None
            if not setting.low <= value <= setting.high:
                unit = '' if setting.unit == '1' else f' {setting.unit}'
                raise ValueError(f'{name} must be between {setting.low:.8g} and '
                                 f'{setting.high:.8g}{unit}, but got {value}')
