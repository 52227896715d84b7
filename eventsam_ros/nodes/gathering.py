# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures of several cameras that belong together by their stamps.

A moment waits for the cameras that live, for a while; then it goes on without those that are late
or dead. Two cameras of which each may be missing have rgbt_pairing, which tells more of why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from eventsam_ros.inference.rgbt_pairing import PairingOptions

T = TypeVar('T')
_ROOM = 16
"""Moments that may wait."""


@dataclass(frozen=True)
class Gathered(Generic[T]):
    """Pictures of one moment.

    Attributes:
        stamp_ns: Of the picture that came first.
        items: By camera, at least one.
        missing: Cameras without a picture.
    """

    stamp_ns: int
    items: Mapping[str, T]
    missing: tuple[str, ...]


@dataclass
class _Open(Generic[T]):
    stamp_ns: int
    arrived_ns: int
    items: dict[str, T]


class Gathering(Generic[T]):
    """Gathers pictures of cameras; for use from one thread.

    Stamps are those of the pictures, arrivals those of one clock of the host; they are never
    compared with each other.

    Attributes:
        counts: gathered (moments); whole (those without a camera missing); and pictures that were
            left out: out_of_order (a stamp not later than the one before of its camera; a jump
            back by more than the silence begins anew instead, counted as restarted), late (their
            moment, or a later one, has gone on; where that is more than the silence ahead and its
            cameras are dead, it begins anew as well), overtaken (their moment had not all cameras
            when a later one had), and crowded (too many moments waited).
    """

    LEFT_OUT = ('out_of_order', 'late', 'overtaken', 'crowded')

    def __init__(self, cameras: Iterable[str], options: PairingOptions) -> None:
        """Begin with nothing.

        Args:
            cameras: Their names.
            options: Tolerance, patience and silence.
        """
        self._cameras, self._options = tuple(cameras), options
        self.counts: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        """Forget what waits and what was heard; counts stay."""
        self._open: list[_Open[T]] = []
        self._stamped: dict[str, int] = {}
        self._heard: dict[str, int] = {}
        self._begun_ns: int | None = None
        self._gone_ns: int | None = None
        self._gone_cameras: frozenset[str] = frozenset()

    def add(self, camera: str, stamp_ns: int, arrived_ns: int, item: T) -> list[Gathered[T]]:
        """Take a picture.

        Args:
            camera: One of the names.
            stamp_ns: Of the picture.
            arrived_ns: When it arrived, of a clock that never goes back.
            item: The picture.

        Returns:
            What is ready now, in the order of stamps.
        """
        if self._begun_ns is None:
            self._begun_ns = arrived_ns
        before, tolerance = self._stamped.get(camera), self._options.tolerance_ns
        if before is not None and before - stamp_ns > self._options.silence_ns:
            # a bag that starts over: what waits is of another time
            self._begin_anew()
            before = None
        elif self._left_behind(stamp_ns, arrived_ns):
            self._begin_anew()
        self._heard[camera] = arrived_ns
        if before is not None and stamp_ns <= before:
            self.counts['out_of_order'] += 1
            return self.due(arrived_ns)
        self._stamped[camera] = stamp_ns
        if self._gone_ns is not None and stamp_ns <= self._gone_ns + tolerance:
            self.counts['late'] += 1
            return self.due(arrived_ns)
        near = [each for each in self._open if camera not in each.items
                and abs(each.stamp_ns - stamp_ns) <= tolerance]
        if near:
            nearest = min(near, key=lambda each: abs(each.stamp_ns - stamp_ns))
            nearest.items[camera] = item
        else:
            self._open.append(_Open(stamp_ns, arrived_ns, {camera: item}))
            self._open.sort(key=lambda each: each.stamp_ns)
        if len(self._open) > _ROOM:
            self.counts['crowded'] += len(self._open.pop(0).items)
        return self.due(arrived_ns)

    def due(self, now_ns: int) -> list[Gathered[T]]:
        """Return what is ready at a time of the arrivals' clock; call it while nothing arrives."""
        found: list[Gathered[T]] = []
        living = self._living(now_ns)
        for each in list(self._open):
            whole = living <= each.items.keys()
            if not whole and now_ns - each.arrived_ns < self._options.patience_ns:
                continue
            while self._open[0] is not each:
                self.counts['overtaken'] += len(self._open.pop(0).items)
            self._open.pop(0)
            self._gone_ns, self._gone_cameras = each.stamp_ns, frozenset(each.items)
            missing = tuple(name for name in self._cameras if name not in each.items)
            self.counts['gathered'] += 1
            self.counts['whole'] += not missing
            found.append(Gathered(each.stamp_ns, each.items, missing))
        return found

    def _begin_anew(self) -> None:
        self.counts['restarted'] += 1
        self._open.clear()
        self._stamped.clear()
        self._gone_ns = None

    def _left_behind(self, stamp_ns: int, arrived_ns: int) -> bool:
        """Say whether dead cameras have gone on at another time; nobody else ever reaches it."""
        return (self._gone_ns is not None
                and self._gone_ns - stamp_ns > self._options.silence_ns
                and not self._gone_cameras & self._living(arrived_ns))

    def _living(self, now_ns: int) -> set[str]:
        """Return the cameras that are worth waiting for."""
        begun = now_ns if self._begun_ns is None else self._begun_ns
        return {name for name in self._cameras
                if now_ns - self._heard.get(name, begun) <= self._options.silence_ns}
