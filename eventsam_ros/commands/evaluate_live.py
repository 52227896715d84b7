# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The live half of `evaluate`: the recording through DDS and segment_node, then scored.

What the node published becomes a folder of predictions that is scored like any other, so live
and offline differ in nothing but where the masks come from. Windows that the node skipped have
no mask; they are counted, by the node and in the report.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
import json
from pathlib import Path
import shutil
import tempfile
from typing import Any

import numpy as np

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.datasets import Dataset
from eventsam_ros.evaluation.datasets.recording_samples import RecordingSequence
from eventsam_ros.evaluation.datasets.recording_truth import Topics
from eventsam_ros.evaluation.report.page import Timeline
from eventsam_ros.evaluation.runs.task import Task, evaluate_sequence

from .demo_plan import Plan, check_bundle, plan
from .demo_processes import play
from .evaluate_offline import check_kind, make_task, write_run
from .results_folder import forget_results

FORMAT, KIND = 'recording', 'instances'
TOLERANCE_NS = 5_000_000
"""Most time between a mask and the ground truth that it is compared with."""
_DROPPED = 'dropped.'


@dataclass(frozen=True)
class Recorded:
    """What arrived while the recording was played.

    Attributes:
        masks: Stamps of the masks and their files, ascending.
        latencies_ms: From the end of each window to its published mask.
        course: Event rate and drops over time.
        counters: The node's last report.
        player: The player's summary.
    """

    masks: Sequence[tuple[int, Path]]
    latencies_ms: Sequence[float]
    course: Timeline
    counters: dict[str, str]
    player: dict[str, Any]


def evaluate_live(
    arguments: argparse.Namespace, output: Path, command: str,
) -> dict[str, Any]:
    """Play, record and score; return what is in metrics.json.

    Raises:
        EventsamError: The recording or the bundle cannot be used, or a process failed.
    """
    task = make_task(arguments, output)
    dataset = task.open()
    if dataset.format != FORMAT:
        raise EventsamError(
            f'only recordings can be played live, but {arguments.recording} is {dataset.format}')
    check_kind(task, dataset)
    if dataset.kind != KIND:
        raise EventsamError(f'a live run scores kind={KIND}, but got kind={dataset.kind}; '
                            'leave --live out')
    topics, window_ms = _asked(task, dataset)
    bundle = check_bundle(arguments.bundle)
    forget_results(output, resume=False)
    with tempfile.TemporaryDirectory(prefix='.live.', dir=output) as scratch:
        folder = Path(scratch)
        show = plan(arguments.recording, bundle, folder, 0.0, simulated=False,
                    events=topics.events)
        # Windows end where the ground truth is, so that both are of the same moments.
        image = topics.truth if isinstance(topics.truth, str) else show.image
        play(replace(show, film=False, keep_masks=True, image=image, window_ms=window_ms))
        recorded = _read(folder)
        predictions = folder / 'predictions'
        matched = _match(dataset, recorded, predictions)
        if not matched:
            raise EventsamError('no mask arrived at the time of a ground truth')
        scored = replace(task, predictions=predictions, pictures=task.pictures)
        result = evaluate_sequence(scored, dataset.sequences[0].name)
        return write_run(
            scored, dataset, [result], output, command,
            _live_entries(task, show, recorded, matched), course=recorded.course,
            latencies_ms=recorded.latencies_ms)


def _asked(task: Task, dataset: Dataset) -> tuple[Topics, float]:
    """Return the topics of the recording, and the length of windows, ms; 0 for the bundle's.

    Raises:
        EventsamError: There are several recordings, or windows that the node does not have.
    """
    if len(dataset.sequences) != 1:
        raise EventsamError(f'only one recording can be played live, but {task.dataset} holds '
                            f'{len(dataset.sequences)}')
    sequence = dataset.sequences[0]
    assert isinstance(sequence, RecordingSequence)
    if 'window_ms' not in dict(task.options):
        return sequence.topics, 0.0
    window_ms = (sequence.duration_ns or 0) / 1e6
    if window_ms < 1:
        raise EventsamError(
            f'a live run needs a window_ms of at least 1, but got {window_ms:g}')
    return sequence.topics, window_ms


def _read(folder: Path) -> Recorded:
    masks = sorted((int(path.stem), path) for path in (folder / 'masks').glob('*.png'))
    latencies = [float(line) for line in (folder / 'latencies.csv').read_text().split()]
    reports = [json.loads(line) for line in
               (folder / 'diagnostics.jsonl').read_text('utf-8').splitlines()]
    if not reports:
        raise EventsamError('segment_node reported nothing on /diagnostics')
    begun = reports[0]['time_s']
    names = [k for k in reports[-1]['values'] if k.startswith(_DROPPED)]
    course = Timeline(
        [r['time_s'] - begun for r in reports],
        [float(r['values'].get('events_per_s', 0)) for r in reports],
        {name.removeprefix(_DROPPED): [float(r['values'].get(name, 0)) for r in reports]
         for name in names})
    player = json.loads((folder / 'player.json').read_text('utf-8'))
    return Recorded(masks, latencies, course, reports[-1]['values'], player)


def _match(dataset: Dataset, recorded: Recorded, predictions: Path) -> int:
    """Lay each mask under the name of the frame that it belongs to; return how many."""
    stamps = [stamp for stamp, _ in recorded.masks]
    shift = int(recorded.player['stamp_shift_ns'])
    matched = 0
    for sequence in dataset.sequences:
        (predictions / sequence.name).mkdir(parents=True)
        for sample in sequence.samples():
            wanted = sample.stamp_ns + shift
            k = bisect_left(stamps, wanted)
            near = min((k - 1, k), key=lambda i: abs(stamps[i] - wanted)
                       if 0 <= i < len(stamps) else 1 << 62)
            if 0 <= near < len(stamps) and abs(stamps[near] - wanted) <= TOLERANCE_NS:
                shutil.copyfile(
                    recorded.masks[near][1], predictions / sequence.name / f'{sample.name}.png')
                matched += 1
    return matched


def _live_entries(task: Task, show: Plan, recorded: Recorded, matched: int) -> dict[str, Any]:
    counters = recorded.counters
    shares = np.percentile(recorded.latencies_ms or [0.0], (50, 95, 99))
    return {
        'mode': 'live',
        'model': {'kind': 'bundle', 'name': show.bundle.manifest.name,
                  'backend': counters.get('backend', '')},
        'dataset': {'path': str(task.dataset), 'format': FORMAT, 'kind': KIND,
                    'split': ''},
        'latency_ms': {f'p{p}': round(float(v), 3)
                       for p, v in zip((50, 95, 99), shares, strict=True)},
        'stages_ms': {k.removeprefix('stage_ms.'): float(v) for k, v in counters.items()
                      if k.startswith('stage_ms.')},
        'drops': {k.removeprefix(_DROPPED): int(v) for k, v in counters.items()
                  if k.startswith(_DROPPED)},
        'live': {
            'packets_published': int(recorded.player['packets']),
            'packets_received': int(counters.get('packets', 0)),
            'windows_formed': int(counters.get('windows', 0)),
            'masks_published': int(counters.get('masks_published', 0)),
            'masks_recorded': len(recorded.masks), 'masks_matched': matched,
            'seconds': round(float(recorded.player['seconds']), 3)},
    }
