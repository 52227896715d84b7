# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""report.json of a demo, and the few lines that it prints."""

from __future__ import annotations

import json
import os
from pathlib import Path
import platform
from typing import Any

from .demo_plan import Plan

DROPPED, STAGE = 'dropped.', 'stage_ms.'
NETWORK = ('encode', 'decode')


def write_report(plan: Plan) -> dict[str, Any]:
    """Put what player, node and recorder counted into report.json and return it."""
    player = _take(plan.output / 'player.json')
    recorder = _take(plan.output / 'recorder.json')
    node = recorder.pop('diagnostics')
    drops = {key.removeprefix(DROPPED): int(value)
             for key, value in node.items() if key.startswith(DROPPED)}
    stages = {key.removeprefix(STAGE): float(value)
              for key, value in node.items() if key.startswith(STAGE)}
    events, played_s = int(node.get('events', 0)), plan.seconds * plan.rounds
    report = {
        'recording': 'simulated' if plan.simulated else str(plan.recording),
        'encoding': plan.encoding, 'width': plan.width, 'height': plan.height,
        'seconds': round(plan.seconds, 3), 'rounds': plan.rounds,
        'bundle': plan.bundle.manifest.name, 'backend': node.get('backend', ''),
        'windows_end': 'at camera frames' if plan.image else 'after a period',
        'packets': {'published': player['packets'],
                    'received': int(node.get('packets', 0)),
                    'lost': drops.get('packets_lost', 0),
                    'undecodable': drops.get('packets_undecodable', 0)},
        'events': {'decoded': events, 'per_second': round(events / played_s),
                   'in_unfinished_windows': int(node.get('events_unfinished', 0))},
        'windows': {'formed': int(node.get('windows', 0)),
                    'segmented': int(node.get('masks_published', 0)),
                    'per_second': round(int(node.get('masks_published', 0)) / played_s, 2),
                    'with_masks': recorder['windows_with_masks']},
        'masks': {'published': recorder['masks'], 'objects': recorder['objects']},
        'dropped': drops,
        'processing_ms': _rounded(recorder['processing_ms']),
        'pipeline_latency_ms': _rounded(recorder['pipeline_latency_ms']),
        'stages_ms': stages, 'outside_network': _outside_network(stages),
        'ground_truth': recorder['ground_truth'],
        'machine': {'system': platform.platform(), 'processors': os.cpu_count(),
                    'python': platform.python_version()},
    }
    (plan.output / 'report.json').write_text(json.dumps(report, indent=2) + '\n', 'utf-8')
    return report


def summarise(report: dict[str, Any], output: Path) -> str:
    """Return the lines that a demo ends with."""
    packets, windows = report['packets'], report['windows']
    rounds = f', played {report["rounds"]} times' if report['rounds'] > 1 else ''
    drops = ', '.join(f'{count} {name}' for name, count in report['dropped'].items() if count)
    lines = [
        ('recording', f'{report["recording"]}, {report["encoding"]} {report["width"]}x'
                      f'{report["height"]}, {report["seconds"]:.1f} s{rounds}'),
        ('packets', f'{packets["published"]} published, {packets["received"]} received, '
                    f'{packets["lost"]} lost'),
        ('events', f'{report["events"]["decoded"]:,} decoded, '
                   f'{report["events"]["per_second"] / 1e6:.2f} M/s'),
        ('windows', f'{windows["formed"]} ended {report["windows_end"]}, {windows["segmented"]} '
                    f'segmented ({windows["per_second"]:.1f} /s), {windows["with_masks"]} with '
                    'masks'),
        ('masks', f'{report["masks"]["published"]} of {report["masks"]["objects"]} objects'),
        ('dropped', drops or 'nothing'),
        ('processing', _milliseconds(report['processing_ms']) + _share(report)),
        ('latency', f'{_milliseconds(report["pipeline_latency_ms"])} from window end to mask'),
    ]
    truth = report['ground_truth']
    if truth:
        lines.append(('mIoU', f'{truth["mIoU"]:.3f} over {truth["objects"]} objects in '
                              f'{truth["windows"]} windows (best mask for each)'))
    lines.append(('files', ', '.join(
        str(output / name) for name in ('overlay.mp4', 'contact_sheet.png', 'report.json')
        if (output / name).exists())))
    return '\n'.join(f'{name:<12}{text}' for name, text in lines)


def _take(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text('utf-8'))
    path.unlink()
    return content


def _share(report: dict[str, Any]) -> str:
    share = report['outside_network']
    return '' if share is None else f'; {100 * share:.0f} % of it outside of the network'


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def _outside_network(stages: dict[str, float]) -> float | None:
    """Return the share of the processing time that is not the network."""
    total = sum(stages.values())
    if total <= 0:
        return None
    return round(1 - sum(stages.get(name, 0.0) for name in NETWORK) / total, 4)


def _milliseconds(values: dict[str, float]) -> str:
    if not values:
        return 'no window'
    return ', '.join(f'{name} {value:.1f} ms' for name, value in values.items())
