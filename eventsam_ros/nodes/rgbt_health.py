# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What rgbt_node says about itself on /diagnostics: above all, which cameras it sees with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from eventsam_ros.inference.rgbt_pairing import PAIRED

DEGRADED: Mapping[str, str] = {
    'late_thermal': 'the thermal camera is late: class maps come from colour alone',
    'late_rgb': 'the colour camera is late: class maps come from heat alone',
    'rgb_only': 'no thermal pictures: class maps come from colour alone',
    'thermal_only': 'no colour pictures: class maps come from heat alone',
}
"""A sentence for each mode with one camera."""


@dataclass(frozen=True)
class RgbtHealth:
    """A look at the running node.

    Attributes:
        active: Whether it should be segmenting.
        mode: Of the newest class map, one of rgbt_pairing.MODES; '' before the first.
        new_modes: Class maps since the last report, by mode.
        one_camera: Whether the bundle was trained to serve with one camera.
        new_drops: What was dropped since the last report, by name.
        counters: Everything that is counted since activation.
        measures: What else is measured.
        latency_ms: p50, p95, p99 from a picture's stamp to its class map.
        latency_limit_ms: p95 above which latency is a warning.
        mismatches: A sentence for each topic whose other side has another quality of service.
        backend: Back end and bundle.
        fault: What went wrong last and still does, or ''.
    """

    active: bool
    mode: str = ''
    new_modes: Mapping[str, int] = field(default_factory=dict)
    one_camera: bool = True
    new_drops: Mapping[str, int] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    latency_limit_ms: float = 300.0
    mismatches: tuple[str, ...] = ()
    backend: str = ''
    fault: str = ''


def judge(health: RgbtHealth) -> tuple[bytes, str]:
    """Return the level of a node's health and one sentence why."""
    if health.fault:
        return DiagnosticStatus.ERROR, health.fault
    if not health.active:
        return DiagnosticStatus.OK, 'inactive'
    if health.mismatches:
        return DiagnosticStatus.WARN, health.mismatches[0]
    shown = {mode: count for mode, count in health.new_modes.items() if count}
    if not shown:
        told = 'no picture has arrived yet' if not health.mode else (
            'no picture since the last report')
        return DiagnosticStatus.STALE if health.mode else DiagnosticStatus.WARN, told
    alone = {mode: count for mode, count in shown.items() if mode != PAIRED}
    if alone:
        mode = max(alone, key=lambda m: alone[m])
        told = f'{DEGRADED[mode]} ({sum(alone.values())} of {sum(shown.values())})'
        if not health.one_camera:
            told += ', for which this bundle was not trained'
        return DiagnosticStatus.WARN, told
    lost = {name: count for name, count in health.new_drops.items() if count}
    if lost:
        named = ', '.join(f'{count} {name}' for name, count in sorted(lost.items()))
        return DiagnosticStatus.WARN, f'dropped since the last report: {named}'
    p95 = health.latency_ms.get('p95', 0.0)
    if p95 > health.latency_limit_ms:
        return DiagnosticStatus.WARN, (
            f'latency p95 is {p95:.0f} ms, above {health.latency_limit_ms:.0f} ms')
    return DiagnosticStatus.OK, 'segmenting with both cameras'


def report(stamp: object, name: str, health: RgbtHealth) -> DiagnosticArray:
    """Return the message for /diagnostics.

    Args:
        stamp: builtin_interfaces/Time of the node's clock.
        name: Fully qualified name of the node.
        health: What to say.
    """
    level, told = judge(health)
    values: dict[str, object] = {'mode': health.mode, 'backend': health.backend}
    values |= {**health.measures, **health.counters}
    values |= {f'mismatch.{k}': text for k, text in enumerate(health.mismatches)}
    values |= {f'pipeline_latency_ms.{p}': f'{v:.3f}' for p, v in health.latency_ms.items()}
    message = DiagnosticArray(status=[DiagnosticStatus(
        level=level, name=f'{name}: class maps', message=told, hardware_id='rgbt',
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()])])
    message.header.stamp = stamp
    return message
