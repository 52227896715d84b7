# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""report.html: one file that opens from disk, with nothing to load."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import math
from pathlib import Path
from typing import Any

import jinja2

from eventsam_ros.evaluation.runs.pictures import gallery_frames
from eventsam_ros.evaluation.runs.summary import SequenceResult

from .charts import histogram, score_lines, timeline
from .files import frame_scores

_SHOWN = 4
"""Best and worst frames on the page."""
_COLUMNS = {
    'instances': ('published_miou', 'corrected_miou', 'average_recall', 'click_iou', 'box_iou'),
    'semantic': ('pixel_accuracy', 'miou'), 'video': ('j', 'f', 'j_and_f'),
    'referring': ('j', 'f', 'j_and_f')}
_MAIN = {'instances': 'corrected_miou', 'semantic': 'pixel_accuracy', 'video': 'j_and_f',
         'referring': 'j_and_f'}


@dataclass(frozen=True)
class Timeline:
    """What happened over the time of a run.

    Attributes:
        seconds: Since the beginning.
        events_per_s: Event rate.
        drops: Total so far by counter.
    """

    seconds: Sequence[float]
    events_per_s: Sequence[float]
    drops: Mapping[str, Sequence[float]] = field(default_factory=dict)


def timeline_of(results: Sequence[SequenceResult]) -> Timeline | None:
    """Return the event rate of frames one after the other; None where they have no events."""
    seconds: list[float] = []
    rates: list[float] = []
    begun = 0.0
    for result in results:
        stamps = [f.stamp_ns / 1e9 for f in result.frames]
        for k in range(1, len(stamps)):
            passed = stamps[k] - stamps[k - 1]
            if passed > 0:
                seconds.append(begun + stamps[k] - stamps[0])
                rates.append(result.frames[k].events / passed)
        begun = seconds[-1] if seconds else 0.0
    return Timeline(seconds, rates) if any(rates) else None


def render(
    metrics: Mapping[str, Any], results: Sequence[SequenceResult], output: Path,
    course: Timeline | None = None, latencies_ms: Sequence[float] = (),
) -> str:
    """Return the page.

    Args:
        metrics: Content of metrics.json.
        results: Scored sequences.
        output: Folder of the run, for its pictures.
        course: Event rate and drops over time; None takes the rate from the frames.
        latencies_ms: Of every window; none takes the stages of the frames.
    """
    kind = metrics['dataset']['kind']
    course = course or timeline_of(results)
    latencies = list(latencies_ms) or [
        sum(f.stages_ms.values()) for r in results for f in r.frames if f.stages_ms]
    charts = []
    columns = [c for c in _COLUMNS[kind] if metrics['metrics'][c]['value'] is not None]
    main = _MAIN[kind]
    scores = {r.name: [frame_scores(f).get(main, math.nan) for f in r.frames] for r in results}
    if any(not math.isnan(v) for values in scores.values() for v in values):
        charts.append({'title': f'{main} by frame', 'svg': score_lines(scores, main)})
    if latencies:
        live = metrics['mode'] == 'live'
        charts.append({
            'title': 'Latency',
            'svg': histogram(latencies, 'ms from the end of a window to its mask' if live
                             else 'ms to segment a window', metrics['latency_ms']),
            'note': ', '.join(f'{k} {v:.1f} ms' for k, v in metrics['stages_ms'].items())})
    if course is not None and course.seconds:
        charts.append({'title': 'Event rate and drops over time', 'svg': timeline(
            course.seconds, course.events_per_s, course.drops)})
    template = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=False).get_template('report.html.j2')
    return template.render(
        title=f'{metrics["model"]["name"]} on {Path(metrics["dataset"]["path"]).name}',
        subtitle=_subtitle(metrics), cards=_cards(metrics, main), charts=charts,
        metrics=[{'name': name, 'value': _score(m['value']), 'meaning': m['meaning']}
                 for name, m in metrics['metrics'].items() if m['value'] is not None],
        classes=[{'name': name, 'value': _score(v), 'percent': round(100 * (v or 0), 1)}
                 for name, v in metrics['classes'].items()],
        columns=columns, sequences=[_row(name, row, columns)
                                    for name, row in metrics['sequences'].items()],
        drops=sorted(metrics['drops'].items()), galleries=_galleries(output),
        command=metrics['command'], machine=_machine(metrics['machine']))


def _subtitle(metrics: Mapping[str, Any]) -> str:
    dataset = metrics['dataset']
    split = f', split {dataset["split"]}' if dataset['split'] else ''
    how = ('played over DDS into segment_node at the recorded rate' if metrics['mode'] == 'live'
           else 'every frame in turn, without ROS')
    backend = metrics['model'].get('backend', '')
    return f'{dataset["path"]} ({dataset["format"]}{split}); {how}' + (
        f'; {backend}' if backend else '')


def _cards(metrics: Mapping[str, Any], main: str) -> list[dict[str, str]]:
    cards = [{'value': _score(metrics['metrics'].get(main, {}).get('value')), 'label': main}]
    if metrics['dataset']['kind'] == 'instances':
        cards += [{'value': _score(metrics['metrics'][name]['value']), 'label': name}
                  for name in ('average_recall', 'click_iou', 'box_iou')
                  if metrics['metrics'][name]['value'] is not None]
    if metrics['latency_ms']:
        cards.append({'value': f'{metrics["latency_ms"]["p95"]:.0f} ms', 'label': 'latency p95'})
    cards.append({'value': str(metrics['frames']), 'label': 'frames scored'})
    if metrics['mode'] == 'live':
        cards.append({'value': str(sum(metrics['drops'].values())), 'label': 'dropped in all'})
    return cards


def _row(name: str, row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    return {'name': name, 'frames': row['frames'],
            'scores': [_score(row['metrics'].get(c)) for c in columns],
            'left_out': row['unlabelled'] + row['unpredicted'] + sum(row['left_out'].values())}


def _galleries(output: Path) -> list[dict[str, Any]]:
    frames = gallery_frames(output)
    half = min(_SHOWN, len(frames) // 2)
    if not half:
        return []
    return [{'title': title, 'frames': [_picture(f) for f in chosen]} for title, chosen in (
        ('Best frames (prediction left, truth right)', frames[::-1][:half]),
        ('Worst frames', frames[:half]))]


def _picture(frame: Mapping[str, object]) -> dict[str, str]:
    data = base64.b64encode(Path(str(frame['file'])).read_bytes()).decode('ascii')
    return {'data': data, 'caption': f'{frame["sequence"]}, frame {frame["frame"]}: '
                                     f'{float(str(frame["score"])):.3f}'}


def _score(value: float | None) -> str:
    return '-' if value is None else f'{value:.3f}'


def _machine(machine: Mapping[str, Any]) -> str:
    return ', '.join(f'{k} {v}' for k, v in machine.items() if not isinstance(v, Mapping))
