# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The objects that users pointed at, until they are removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eventsam_ros.events.types import Bool
from eventsam_ros.inference.masks import Masks
from eventsam_ros.inference.prompts import LARGEST_ID, Box, Point, Prompt, check_prompts

from .board import Board
from .following import follows, moved

CLICKS_FROM = 1001
"""Ids of clicked objects count from here; boxes bring their own ids or count from 1."""
_CLICK_IDS = 10_000
MOST = 256
"""Objects at most, clicks and boxes: each one takes a run of the decoder and a mask."""
MOST_CLICKS = 64
"""Clicks at most that say what one object is and is not: each takes the decoder's time."""


@dataclass(frozen=True)
class Sensor:
    """Whose pixels prompts are in.

    Attributes:
        width: Columns.
        height: Rows.
        frame_id: Frame of its messages.
    """

    width: int
    height: int
    frame_id: str


@dataclass
class _Object:
    prompt: Prompt
    since_ns: int
    frame_id: str
    clicked: bool
    now: Prompt
    mask: Bool | None = None
    missed: int = 0


class PromptBoard(Board):
    """Clicks and boxes and where their objects are now; safe to use from several threads.

    Attributes:
        counters: prompts_refused: wrong frame, outside of the picture, no such object, or too
            many objects.
    """

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self._objects: dict[int, _Object] = {}
        self._asked: dict[int, _Object] = {}
        self._next_id = CLICKS_FROM

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self._objects)

    def clear(self) -> int:
        """Forget all prompts; return how many there were."""
        with self._lock:
            count = len(self._objects)
            self._objects.clear()
        return count

    def rewind(self) -> None:
        """Put every prompt back to where the user put it, as after a jump in time."""
        with self._lock:
            self._asked = {}   # what is at the network now shows another time
            for held in self._objects.values():
                held.now, held.mask, held.missed = held.prompt, None, 0

    def click(
        self, x: float, y: float, is_object: bool, now_ns: int, frame_id: str = '',
        sensor: Sensor | None = None,
    ) -> None:
        """Take a click.

        Args:
            x: Column in sensor pixels.
            y: Row in sensor pixels.
            is_object: True begins a new object; False marks what the last one is not.
            now_ns: Time of the node's clock.
            frame_id: Frame of the message; '' is the sensor's.
            sensor: Whose pixels they are; None where no packet has come yet, the prompt is then
                checked at the first window.
        """
        with self._lock:
            if is_object:
                while self._next_id in self._objects:   # of a box, or of a click 10,000 ago
                    self._next_id = _after(self._next_id)
                if self._put(self._next_id, Prompt((Point(x, y),), id=self._next_id), now_ns,
                             frame_id, sensor, clicked=True):
                    self._next_id = _after(self._next_id)
                return
            last = next((o for o in reversed(self._objects.values()) if o.clicked), None)
            if last is None:
                self._refuse('a click with z < 0 says what an object is not, but there is no '
                             'clicked object yet')
                return
            if len(last.now.points) >= MOST_CLICKS:
                self._refuse(f'there can be {MOST_CLICKS} clicks on one object at most; '
                             'remove it or click on a new one')
                return
            prompt = replace(last.now, points=(*last.now.points, Point(x, y, 0)))
            self._put(int(prompt.id or 0), prompt, now_ns, frame_id, sensor, clicked=True)

    def boxes(
        self, boxes: Sequence[tuple[Box, int | None]], now_ns: int, frame_id: str = '',
        sensor: Sensor | None = None,
    ) -> None:
        """Replace all boxes.

        Args:
            boxes: Each with its id, or None for the smallest that is free.
            now_ns: Time of the node's clock.
            frame_id: Frame of the message; '' is the sensor's.
            sensor: As for `click`.
        """
        with self._lock:
            self._objects = {k: v for k, v in self._objects.items() if v.clicked}
            clicked = set(self._objects)
            given = {id_ for _, id_ in boxes} | clicked
            unused = (i for i in range(1, LARGEST_ID + 1) if i not in given)
            taken: set[int] = set()
            for box, id_ in boxes:
                if id_ in clicked:
                    self._refuse(f'a box cannot have the id {id_}, which a clicked object has')
                    continue
                if id_ in taken:
                    self._refuse(f'ids of boxes must be unique, but {id_} is there twice')
                    continue
                free = id_ or next(unused, LARGEST_ID + 1)   # which is refused as too large
                taken.add(free)
                self._put(free, Prompt(box=box, id=free), now_ns, frame_id, sensor, clicked=False)

    def remove(self, id_: int) -> None:
        """Forget the object of an id."""
        with self._lock:
            if self._objects.pop(id_, None) is None:
                known = ', '.join(str(k) for k in self._objects) or 'none'
                self._refuse(f'there is no prompted object {id_} to remove; there is {known}')

    def current(
        self, now_ns: int, hold_s: float, sensor: Sensor, follow: bool = True,
    ) -> list[Prompt]:
        """Return the prompts for the next window, and forget those that hold no longer.

        Args:
            now_ns: Time of the node's clock; prompts from its future (it jumped back) go.
            hold_s: Seconds that a prompt holds; 0 is until it is removed.
            sensor: Of the window. A prompt that does not fit it is refused.
            follow: Whether prompts follow their objects.
        """
        with self._lock:
            for id_, held in list(self._objects.items()):
                aged = hold_s > 0 and not 0 <= now_ns - held.since_ns <= hold_s * 1e9
                reason = '' if aged else _misfit(held.prompt, held.frame_id, sensor)
                if reason:
                    self._refuse(reason)
                if aged or reason:
                    del self._objects[id_]
                elif _misfit(held.now, held.frame_id, sensor):   # it was followed on a larger one
                    held.now, held.mask, held.missed = held.prompt, None, 0
            self._asked = dict(self._objects) if follow else {}
            return [h.now if follow else h.prompt for h in self._objects.values()]

    def answered(self, masks: Masks) -> None:
        """Follow the objects to where the masks of the last `current` show them."""
        with self._lock:
            for id_, mask in zip(masks.ids.tolist(), masks.masks, strict=True):
                held = self._objects.get(id_)
                if held is None or held is not self._asked.get(id_):
                    continue
                if follows(mask, held.mask, held.missed):
                    held.now, held.mask, held.missed = moved(held.prompt, mask), mask, 0
                else:
                    held.missed += 1

    def _put(
        self, id_: int, prompt: Prompt, now_ns: int, frame_id: str, sensor: Sensor | None,
        clicked: bool,
    ) -> bool:
        reason = '' if sensor is None else _misfit(prompt, frame_id, sensor)
        if not reason and id_ not in self._objects and len(self._objects) >= MOST:
            reason = f'there can be {MOST} prompted objects at most; remove one before'
        if reason:
            self._refuse(reason)
            return False
        self._objects.pop(id_, None)  # the newest is the last
        self._objects[id_] = _Object(prompt, now_ns, frame_id, clicked, prompt)
        return True


def _after(id_: int) -> int:
    """Return the id of the next click."""
    return CLICKS_FROM + (id_ + 1 - CLICKS_FROM) % _CLICK_IDS


def _misfit(prompt: Prompt, frame_id: str, sensor: Sensor) -> str:
    """Say why a prompt does not fit a sensor, or ''."""
    if frame_id and frame_id != sensor.frame_id:
        return (f'a prompt in frame {frame_id!r} cannot be used for events in frame '
                f'{sensor.frame_id!r}; give pixels of the sensor in its frame, or no frame')
    try:
        check_prompts([prompt], sensor.width, sensor.height)
    except ValueError as error:
        return str(error)
    return ''
