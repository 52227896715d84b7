# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""From waiting packets to windows, in a thread of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
import threading
import time

from eventsam_ros.errors import DecodeError

from .budget import Budget
from .packet_queue import Arrival, Kind, PacketQueue
from .stream import EventStream, StampedWindow

_SNAPSHOT_S = 0.05
_IDLE_S = 0.01
"""Time without a packet after which the counters are looked at."""


class Decoding:
    """Takes packets from the queue, decodes them in order, and hands on the windows.

    Packets that have waited too long for their mask to come within the budget are shed: left
    undecoded, counted, and told to the decoder as a gap.

    Attributes:
        stream: The events; its methods are called in this thread only.
        queue: What waits.
    """

    DROPS = ('packets_failed',)

    def __init__(
        self, stream: EventStream, queue: PacketQueue, budget: Budget,
        submit: Callable[[StampedWindow, int], None], restarted: Callable[[], None],
        fault: Callable[[str], None],
    ) -> None:
        """Prepare the thread; `start` begins. All functions are called in it.

        Args:
            stream: Decodes.
            queue: Where packets wait.
            budget: Says how long they may.
            submit: Takes a window and when the message that completed it arrived, steady ns.
            restarted: Told that the stream began anew.
            fault: Told in one sentence what is wrong with the events.
        """
        self.stream, self.queue = stream, queue
        self._budget, self._submit = budget, submit
        self._restarted, self._fault = restarted, fault
        self._counters: Counter[str] = Counter(dict.fromkeys(self.DROPS, 0))
        self._counts: dict[str, int] = {}
        self._clocks: dict[str, str] = {}
        self._counted_s = 0.0
        self._snapshot()
        self._thread = threading.Thread(target=self._run, name='decode', daemon=True)

    def start(self) -> None:
        """Begin to decode."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the packet at hand, let go of the others and end the thread."""
        self.queue.close()
        if self._thread.ident is not None:
            self._thread.join()

    def counts(self) -> dict[str, int]:
        """Return all counters of the stream, as they were between two packets.

        They are at most 50 ms old, and of now where no packet waits.
        """
        return self._counts

    def measures(self) -> dict[str, str]:
        """Return what is known of the clocks and of what waits, for /diagnostics."""
        return {**self._clocks, 'queue_packets': str(len(self.queue)),
                'queue_mb': f'{self.queue.bytes / 1e6:.3f}',
                'queue_age_ms': f'{self.queue.age_ms():.3f}'}

    def _run(self) -> None:
        counted = True
        while not self.queue.closed:
            arrival = self.queue.take(None if counted else _IDLE_S)
            if arrival is not None:
                self._take(arrival)
                counted = False
            if not counted and (
                    arrival is None or time.monotonic() - self._counted_s > _SNAPSHOT_S):
                self._snapshot()
                counted = arrival is None
        self._snapshot()   # for the last report

    def _take(self, arrival: Arrival) -> None:
        stream, restarts = self.stream, self.stream.restarts
        windows: list[StampedWindow] = []
        try:
            self._budget.instruct(stream)
            windows = self._windows(arrival)
        except DecodeError as error:
            self._fault(f'packets cannot be decoded: {error}')
            return
        except Exception as error:  # whatever a packet brings, the stream goes on
            self._counters['packets_failed'] += 1
            stream.reset()
            self._fault(f'a packet could not be taken: {error!r}')
            return
        if stream.restarts != restarts:
            self._restarted()
        for window in windows:
            self._submit(window, arrival.arrived_ns)

    def _windows(self, arrival: Arrival) -> list[StampedWindow]:
        stream, message = self.stream, arrival.message
        if arrival.kind is Kind.FRAME:
            return stream.frame(*message)
        if arrival.kind is Kind.RESET:
            stream.reset()
            self._restarted()
            return []
        waited_ms = (time.monotonic_ns() - arrival.arrived_ns) / 1e6
        if arrival.emptied or waited_ms > self._budget.wait_ms():
            self._shed(arrival)
            return []
        return stream.packet(message) if arrival.kind is Kind.PACKET else stream.array(message)

    def _shed(self, arrival: Arrival) -> None:
        if arrival.kind is Kind.PACKET:
            self.stream.shed(arrival.message)
        else:  # arrays have no number and need no decoder
            self.stream.counters.update(packets=1, packets_shed=1)

    def _snapshot(self) -> None:
        clock = self.stream.clock
        measured = {
            'clock_offset_ms': None if clock.offset_ns is None else clock.offset_ns / 1e6,
            'clock_drift_ppm': clock.drift_ppm,
            'packet_delay_ms': clock.delay_ms,
        }
        self._clocks = {k: '' if v is None else f'{v:.3f}' for k, v in measured.items()}
        self._counts = {**self.stream.counts(), **self._counters}
        self._counted_s = time.monotonic()
