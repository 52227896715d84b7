# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What segment_node says about itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

DROPPED = 'dropped.'
"""Prefix of the keys that count what was dropped, by name."""
STAGE = 'stage_ms.'
"""Prefix of the keys that say what a stage of a window takes, milliseconds in the mean."""
BY_POLICY = (
    'windows_superseded', 'windows_skipped_nth', 'windows_unwatched', 'windows_stopped',
    'packets_shed', 'events_thinned', 'pictures_superseded')
"""Drops that are a policy at work; what is too much of them `shedding.advice` says."""
RESTARTS_LIMIT = 3
"""A stream that begins anew more often between two reports has more than one publisher."""
FAR_MS = 60_000.0
"""Latency beyond which stamps and clock have nothing to do with each other."""


@dataclass(frozen=True)
class Health:
    """A look at the running node.

    Attributes:
        active: Whether it should be segmenting.
        silent_s: Seconds since the last packet; None before the first.
        stale_s: Seconds after which silence is a warning.
        drops: What was dropped since activation, by name.
        new_drops: What was dropped since the last look, by name.
        restarts: How often the stream began anew since the last look.
        counters: Everything else that is counted.
        rates: Growth per second, by the counters' names.
        latency_ms: p50, p95, p99 from the end of a window to its published mask.
        processing_ms: p50, p95, p99 of the time that a window was worked on.
        stages_ms: Mean milliseconds of a window by stage.
        latency_limit_ms: p95 above which latency is a warning.
        measures: What else is measured, by key.
        overload: What was given up because too much came in, and what to do, or ''.
        mismatches: A sentence for each topic whose other side has another quality of service.
        backend: Back end and bundle.
        stream: Encoding and size of the stream.
        fault: What went wrong last and still does, or ''.
    """

    active: bool
    silent_s: float | None
    stale_s: float
    drops: Mapping[str, int] = field(default_factory=dict)
    new_drops: Mapping[str, int] = field(default_factory=dict)
    restarts: int = 0
    counters: Mapping[str, int] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    processing_ms: Mapping[str, float] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    latency_limit_ms: float = 300.0
    measures: Mapping[str, str] = field(default_factory=dict)
    overload: str = ''
    mismatches: tuple[str, ...] = ()
    backend: str = ''
    stream: str = ''
    fault: str = ''


def judge(health: Health) -> tuple[bytes, str]:
    """Return the level of a node's health and one sentence why."""
    if health.fault:
        return DiagnosticStatus.ERROR, health.fault
    if not health.active:
        return DiagnosticStatus.OK, 'inactive'
    if health.mismatches:
        return DiagnosticStatus.WARN, health.mismatches[0]
    if health.silent_s is None:
        return DiagnosticStatus.WARN, 'no event packet has arrived yet'
    if health.silent_s > health.stale_s:
        return DiagnosticStatus.STALE, f'no event packet for {health.silent_s:.1f} s'
    if health.restarts > RESTARTS_LIMIT:
        return DiagnosticStatus.WARN, (
            f'the event stream began anew {health.restarts} times since the last report; is there '
            'more than one publisher of it?')
    lost = {k: v for k, v in health.new_drops.items() if v and k not in BY_POLICY}
    if lost:
        named = ', '.join(f'{count} {name}' for name, count in sorted(lost.items()))
        told = f'dropped since the last report: {named}'
        return DiagnosticStatus.WARN, '; '.join(filter(None, (told, health.overload)))
    if health.overload:
        return DiagnosticStatus.WARN, health.overload
    p95 = health.latency_ms.get('p95', 0.0)
    if abs(p95) > FAR_MS:
        return DiagnosticStatus.WARN, (
            f"stamps of the events are {p95 / 1e3:.0f} s behind this node's clock; a recording "
            'needs use_sim_time and /clock, or stamps of now')
    if p95 > health.latency_limit_ms:
        return DiagnosticStatus.WARN, (
            f'pipeline latency p95 is {p95:.0f} ms, above {health.latency_limit_ms:.0f} ms')
    if health.new_drops.get('windows_unwatched'):
        return DiagnosticStatus.OK, 'nobody listens; events are decoded only'
    return DiagnosticStatus.OK, 'segmenting'


def status(name: str, health: Health) -> DiagnosticStatus:
    """Return a node's health as a message."""
    level, message = judge(health)
    values: dict[str, object] = {'stream': health.stream, 'backend': health.backend}
    values |= {name: f'{rate:.6g}' for name, rate in (
        ('events_per_s', health.rates.get('events', 0.0)),
        ('packets_per_s', health.rates.get('packets', 0.0)),
        ('windows_per_s', health.rates.get('masks_published', 0.0)),
        ('images_per_s', health.rates.get('images', 0.0)))}
    values |= {'silent_s': '' if health.silent_s is None else f'{health.silent_s:.3f}'}
    values |= health.measures
    values |= {f'mismatch.{k}': text for k, text in enumerate(health.mismatches)}
    values |= health.counters
    values |= {f'{DROPPED}{name}': count for name, count in health.drops.items()}
    values |= {f'pipeline_latency_ms.{p}': f'{v:.3f}' for p, v in health.latency_ms.items()}
    values |= {f'processing_time_ms.{p}': f'{v:.3f}' for p, v in health.processing_ms.items()}
    values |= {f'{STAGE}{stage}': f'{v:.3f}' for stage, v in health.stages_ms.items()}
    return DiagnosticStatus(
        level=level, name=name, message=message, hardware_id=health.stream,
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()])


def report(stamp: object, name: str, health: Health) -> DiagnosticArray:
    """Return the message for /diagnostics.

    Args:
        stamp: builtin_interfaces/Time of the node's clock.
        name: Fully qualified name of the node.
        health: What to say.
    """
    message = DiagnosticArray(status=[status(f'{name}: segmentation', health)])
    message.header.stamp = stamp
    return message
