# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Colour and thermal pictures paired by stamp, and what happens where a partner is missing.

A picture waits for its partner for a while; then it goes on alone, so that a camera that is late
or dead costs time once and never stops the other.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

T = TypeVar('T')
Kind = Literal['rgb', 'thermal']
_OTHER: dict[Kind, Kind] = {'rgb': 'thermal', 'thermal': 'rgb'}
PAIRED = 'paired'
MODES = (PAIRED, 'late_thermal', 'late_rgb', 'rgb_only', 'thermal_only')
"""Declared modes: both; one alone whose partner's camera lives but has not delivered in time; one
alone whose partner's camera has been silent for longer than `silence_ns`."""
LEFT_OUT = ('out_of_order', 'crowded')
"""Pictures that are left out: behind the one before of their camera; too many waited."""
_ROOM = 16
"""Pictures of one kind that may wait."""


@dataclass(frozen=True)
class Matched(Generic[T]):
    """Pictures of one instant, either of which may be missing.

    Attributes:
        stamp_ns: Of the colour picture where it is there, else of the thermal one.
        rgb: The colour picture, or None.
        thermal: The thermal picture, or None.
        mode: One of MODES.
        skew_ns: Stamp of the thermal picture minus that of the colour picture; None alone.
    """

    stamp_ns: int
    rgb: T | None
    thermal: T | None
    mode: str
    skew_ns: int | None


@dataclass(frozen=True)
class PairingOptions:
    """When two pictures belong together, and how long to wait.

    Attributes:
        tolerance_ns: Largest difference of two stamps of a pair, at least 0.
        patience_ns: How long a picture waits for its partner after it arrived, at least 0.
        silence_ns: After how long without a picture a camera counts as dead, so that nobody
            waits for it, at least `patience_ns`.
    """

    tolerance_ns: int = 20_000_000
    patience_ns: int = 50_000_000
    silence_ns: int = 1_000_000_000

    def __post_init__(self) -> None:
        """Refuse values outside their ranges."""
        if self.tolerance_ns < 0 or self.patience_ns < 0:
            raise ValueError('tolerance and patience must be at least 0 ns, but got '
                             f'{self.tolerance_ns} and {self.patience_ns}')
        if self.silence_ns < self.patience_ns:
            raise ValueError(f'silence must be at least the patience of {self.patience_ns} ns, '
                             f'but got {self.silence_ns}')


@dataclass
class _Waiting(Generic[T]):
    stamp_ns: int
    arrived_ns: int
    item: T


@dataclass
class Skew:
    """Skew of the pairs so far.

    Attributes:
        pairs: Pairs made.
        last_ns: Of the last pair.
        largest_ns: Largest without its sign.
        total_ns: Sum over all pairs.
    """

    pairs: int = 0
    last_ns: int = 0
    largest_ns: int = 0
    total_ns: int = 0

    def add(self, skew_ns: int) -> None:
        """Count a pair."""
        self.pairs += 1
        self.last_ns = skew_ns
        self.largest_ns = max(self.largest_ns, abs(skew_ns))
        self.total_ns += skew_ns

    @property
    def mean_ns(self) -> float:
        """Return the mean; 0 without pairs. A lasting one tells of clocks that differ."""
        return self.total_ns / self.pairs if self.pairs else 0.0


@dataclass
class Pairing(Generic[T]):
    """Pairs pictures of two cameras; for use from one thread.

    Stamps are those of the pictures, arrivals those of one clock of the host; they are never
    compared with each other.

    Attributes:
        options: See PairingOptions.
        skew: Of the pairs so far.
        counts: Results by mode, and what was left out: `out_of_order` (a stamp not later than the
            one before of its camera; a jump back by more than `silence_ns` begins anew instead,
            counted as `restarted`) and `crowded` (too many waited).
    """

    options: PairingOptions = field(default_factory=PairingOptions)
    skew: Skew = field(default_factory=Skew)
    counts: Counter[str] = field(default_factory=Counter)
    _waiting: dict[Kind, deque[_Waiting[T]]] = field(
        default_factory=lambda: {'rgb': deque(), 'thermal': deque()})
    _stamped: dict[Kind, int] = field(default_factory=dict)
    _heard: dict[Kind, int] = field(default_factory=dict)
    _begun_ns: int | None = None

    def add(self, kind: Kind, stamp_ns: int, arrived_ns: int, item: T) -> list[Matched[T]]:
        """Take a picture.

        Args:
            kind: Which camera's.
            stamp_ns: Of the picture.
            arrived_ns: When it arrived, of a clock that never goes back.
            item: The picture.

        Returns:
            What is ready now, in the order of stamps.
        """
        if self._begun_ns is None:
            self._begun_ns = arrived_ns
        before = self._stamped.get(kind)
        if before is not None and stamp_ns <= before:
            if before - stamp_ns <= self.options.silence_ns:
                self.counts['out_of_order'] += 1
                return self.due(arrived_ns)
            # a bag that starts over: what waits is of another time
            self.counts['restarted'] += 1
            for queue in self._waiting.values():
                queue.clear()
            self._stamped.clear()
        self._stamped[kind], self._heard[kind] = stamp_ns, arrived_ns
        queue = self._waiting[kind]
        if len(queue) == _ROOM:
            queue.popleft()
            self.counts['crowded'] += 1
        queue.append(_Waiting(stamp_ns, arrived_ns, item))
        return self.due(arrived_ns)

    def due(self, now_ns: int) -> list[Matched[T]]:
        """Return what is ready at a time of the arrivals' clock; call it while nothing arrives."""
        found = [*self._pairs(), *self._alone(now_ns)]
        found.sort(key=lambda m: m.stamp_ns)
        self.counts.update(m.mode for m in found)
        return found

    def next_due_ns(self) -> int | None:
        """Return when the first waiting picture's patience ends; None where none waits."""
        ends = [queue[0].arrived_ns + self.options.patience_ns
                for queue in self._waiting.values() if queue]
        return min(ends, default=None)

    def reset(self) -> None:
        """Forget what waits and what was heard; counts stay."""
        for queue in self._waiting.values():
            queue.clear()
        self._stamped.clear()
        self._heard.clear()
        self._begun_ns = None

    def _pairs(self) -> list[Matched[T]]:
        """Match the nearest stamps first, each within the tolerance."""
        rgb, thermal = self._waiting['rgb'], self._waiting['thermal']
        tolerance = self.options.tolerance_ns
        found: list[Matched[T]] = []
        near = sorted(
            (abs(b.stamp_ns - a.stamp_ns), j, k) for j, a in enumerate(rgb)
            for k, b in enumerate(thermal) if abs(b.stamp_ns - a.stamp_ns) <= tolerance)
        taken: tuple[set[int], set[int]] = (set(), set())
        for _, j, k in near:
            if j in taken[0] or k in taken[1]:
                continue
            taken[0].add(j)
            taken[1].add(k)
            a, b = rgb[j], thermal[k]
            self.skew.add(b.stamp_ns - a.stamp_ns)
            found.append(Matched(
                a.stamp_ns, a.item, b.item, PAIRED, b.stamp_ns - a.stamp_ns))
        for kind, gone in (('rgb', taken[0]), ('thermal', taken[1])):
            if gone:
                queue = self._waiting[kind]   # type: ignore[index]
                kept = [w for k, w in enumerate(queue) if k not in gone]
                queue.clear()
                queue.extend(kept)
        return found

    def _alone(self, now_ns: int) -> list[Matched[T]]:
        found: list[Matched[T]] = []
        for kind, queue in self._waiting.items():
            partner = _OTHER[kind]
            heard = self._heard.get(partner)
            since = self._begun_ns if heard is None else heard
            silent = since is not None and now_ns - since > self.options.silence_ns
            dead = silent or heard is None
            while queue and self._over(queue[0], now_ns, silent, self._stamped.get(partner)):
                waited = queue.popleft()
                mode = f'{kind}_only' if dead else f'late_{partner}'
                found.append(Matched(
                    waited.stamp_ns, waited.item if kind == 'rgb' else None,
                    waited.item if kind == 'thermal' else None, mode, None))
        return found

    def _over(
        self, waited: _Waiting[T], now_ns: int, silent: bool, partner_ns: int | None,
    ) -> bool:
        """Whether a picture need not wait longer.

        A partner whose newest stamp is beyond the tolerance already delivers nothing that fits;
        one that is silent, or that has not been heard since the beginning, nothing at all.
        """
        if silent:
            return True
        if partner_ns is not None and partner_ns > waited.stamp_ns + self.options.tolerance_ns:
            return True
        return now_ns - waited.arrived_ns >= self.options.patience_ns


def describe(pairing: Pairing[T]) -> dict[str, str]:
    """Return the skew as texts for /diagnostics; counts has the rest."""
    return {'skew_last_ms': f'{pairing.skew.last_ns / 1e6:.3f}',
            'skew_mean_ms': f'{pairing.skew.mean_ns / 1e6:.3f}',
            'skew_largest_ms': f'{pairing.skew.largest_ns / 1e6:.3f}'}
