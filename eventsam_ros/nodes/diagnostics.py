# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What segment_node says about itself on /diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

DROPPED = 'dropped.'
"""Prefix of the keys that count what was dropped, by name."""
STAGE = 'stage_ms.'
"""Prefix of the keys that say what a stage of a window takes, milliseconds in the mean."""
BY_POLICY = (
    'windows_superseded', 'windows_skipped_nth', 'windows_unwatched', 'windows_stopped',
    'moments_superseded', 'moments_unwatched', 'moments_stopped',
    'packets_shed', 'events_thinned', 'pictures_superseded')
"""Drops that are a policy at work; what is too much of them `shedding.advice` says."""
FAR_MS = 60_000.0
"""Latency beyond which stamps and clock have nothing to do with each other."""


@dataclass(frozen=True)
class Concern:
    """What is not well with the inputs.

    Attributes:
        level: Of diagnostic_msgs/DiagnosticStatus.
        text: One sentence.
    """

    level: bytes
    text: str


@dataclass(frozen=True)
class Look:
    """How the inputs of a running node are.

    Attributes:
        silent_s: Seconds since the last input; None before the first.
        measures: What is measured, by key.
        concern: What is not well with them, or None.
        overload: What was given up because too much came in, and what to do, or ''.
        stream: Encoding and size of the events.
        well: What it says where nothing is wrong.
        idle: What it says where nobody listens.
    """

    silent_s: float | None = None
    measures: Mapping[str, str] = field(default_factory=dict)
    concern: Concern | None = None
    overload: str = ''
    stream: str = ''
    well: str = 'segmenting'
    idle: str = 'nobody listens'

    def measuring(self, **measures: str) -> Look:
        """Return it with more that is measured, told first."""
        return replace(self, measures={**measures, **self.measures})


@dataclass(frozen=True)
class Health:
    """A look at the node.

    Attributes:
        active: Whether it should be segmenting.
        look: How its inputs are.
        drops: What was dropped since activation, by name.
        new_drops: What was dropped since the last look, by name.
        counters: Everything else that is counted.
        rates: Growth per second, by key.
        latency_ms: p50, p95, p99 from the stamp of an input to its published mask.
        processing_ms: p50, p95, p99 of the time that an input was worked on.
        stages_ms: Mean milliseconds of an input by stage.
        latency_limit_ms: p95 above which latency is a warning.
        mismatches: A sentence for each topic whose other side has another quality of service.
        backend: Back end and bundle.
        fault: What went wrong last and still does, or ''.
    """

    active: bool
    look: Look = Look()
    drops: Mapping[str, int] = field(default_factory=dict)
    new_drops: Mapping[str, int] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    rates: Mapping[str, float] = field(default_factory=dict)
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    processing_ms: Mapping[str, float] = field(default_factory=dict)
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    latency_limit_ms: float = 300.0
    mismatches: tuple[str, ...] = ()
    backend: str = ''
    fault: str = ''


def silence(silent_s: float | None, stale_s: float, what: str) -> Concern | None:
    """Say that nothing comes, or None.

    Args:
        silent_s: Seconds since the last one; None before the first.
        stale_s: Seconds after which silence is told.
        what: What does not come.
    """
    if silent_s is None:
        return Concern(DiagnosticStatus.WARN, f'no {what} has arrived yet')
    if silent_s > stale_s:
        return Concern(DiagnosticStatus.STALE, f'no {what} for {silent_s:.1f} s')
    return None


def judge(health: Health) -> tuple[bytes, str]:
    """Return the level of a node's health and one sentence why."""
    look = health.look
    if health.fault:
        return DiagnosticStatus.ERROR, health.fault
    if not health.active:
        return DiagnosticStatus.OK, 'inactive'
    if health.mismatches:
        return DiagnosticStatus.WARN, health.mismatches[0]
    if look.concern is not None:
        return look.concern.level, look.concern.text
    lost = {k: v for k, v in health.new_drops.items() if v and k not in BY_POLICY}
    if lost:
        named = ', '.join(f'{count} {name}' for name, count in sorted(lost.items()))
        told = f'dropped since the last report: {named}'
        return DiagnosticStatus.WARN, '; '.join(filter(None, (told, look.overload)))
    if look.overload:
        return DiagnosticStatus.WARN, look.overload
    p95 = health.latency_ms.get('p95', 0.0)
    if abs(p95) > FAR_MS:
        return DiagnosticStatus.WARN, (
            f"stamps of the inputs are {p95 / 1e3:.0f} s behind this node's clock; a recording "
            'needs use_sim_time and /clock, or stamps of now')
    if p95 > health.latency_limit_ms:
        return DiagnosticStatus.WARN, (
            f'pipeline latency p95 is {p95:.0f} ms, above {health.latency_limit_ms:.0f} ms')
    if any(health.new_drops.get(f'{unit}_unwatched') for unit in ('windows', 'moments')):
        return DiagnosticStatus.OK, look.idle
    return DiagnosticStatus.OK, look.well


def status(name: str, health: Health) -> DiagnosticStatus:
    """Return a node's health as a message."""
    level, message = judge(health)
    look, silent_s = health.look, health.look.silent_s
    values: dict[str, object] = {'stream': look.stream, 'backend': health.backend}
    values |= {key: f'{rate:.6g}' for key, rate in health.rates.items()}
    values |= {'silent_s': '' if silent_s is None else f'{silent_s:.3f}'}
    values |= look.measures
    values |= {f'mismatch.{k}': text for k, text in enumerate(health.mismatches)}
    values |= health.counters
    values |= {f'{DROPPED}{name}': count for name, count in health.drops.items()}
    values |= {f'pipeline_latency_ms.{p}': f'{v:.3f}' for p, v in health.latency_ms.items()}
    values |= {f'processing_time_ms.{p}': f'{v:.3f}' for p, v in health.processing_ms.items()}
    values |= {f'{STAGE}{stage}': f'{v:.3f}' for stage, v in health.stages_ms.items()}
    return DiagnosticStatus(
        level=level, name=name, message=message, hardware_id=look.stream,
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
