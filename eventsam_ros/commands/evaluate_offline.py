# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The offline half of `evaluate`: every sample in turn, in one process or in many."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
import os
from pathlib import Path
import platform
from typing import Any

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.datasets import Dataset
from eventsam_ros.evaluation.datasets.class_tables import class_translation
from eventsam_ros.evaluation.report.files import VERSION, write_frames, write_metrics
from eventsam_ros.evaluation.report.page import render
from eventsam_ros.evaluation.runs.spread import choose
from eventsam_ros.evaluation.runs.store import SequenceStore
from eventsam_ros.evaluation.runs.summary import SequenceResult, summarise
from eventsam_ros.evaluation.runs.task import Task
from eventsam_ros.inference.opening import load_any, task_of
from eventsam_ros.inference.panoramic_bundle import PanoramicBundle
from eventsam_ros.inference.rgbt_bundle import RgbtBundle
from eventsam_ros.inference.semantic_bundle import SemanticBundle

from .progress import Progress
from .results_folder import forget_results

KIND_OF_TASK = {
    'events': 'instances', 'event_semantic': 'semantic', 'rgbt_semantic': 'semantic',
    'panoramic': 'semantic', 'referring': 'referring'}
"""Task of a bundle -> kind of labels that it predicts."""


def make_task(arguments: argparse.Namespace, output: Path) -> Task:
    """Return what the command line asks for."""
    options = [tuple(option.split('=', 1)) for option in arguments.option]
    if arguments.ground_truth is not None:
        options.append(('ground_truth', str(arguments.ground_truth)))
    return Task(
        arguments.recording, output, arguments.format, tuple(options), arguments.bundle,
        arguments.predictions, not arguments.no_prompts,
        1 if arguments.jobs > 1 or arguments.ray else 0, not arguments.no_pictures)


def evaluate_offline(
    arguments: argparse.Namespace, output: Path, command: str,
) -> dict[str, Any]:
    """Evaluate and write everything; return what is in metrics.json.

    Raises:
        EventsamError: The data or the bundle cannot be used.
    """
    task = make_task(arguments, output)
    dataset = task.open()
    if not dataset.sequences:
        raise EventsamError(f'{arguments.recording} has no sequences')
    check_kind(task, dataset)
    forget_results(output, arguments.resume)
    results = _run(task, dataset, arguments)
    if not any(r.frames for r in results):
        raise EventsamError(f'{arguments.recording} has no frame with ground truth that could '
                            'be scored')
    return write_run(task, dataset, results, output, command)


def check_kind(task: Task, dataset: Dataset) -> None:
    """Refuse labels that nothing here can be scored against.

    Raises:
        EventsamError: With one sentence.
    """
    if dataset.kind == 'unlabelled':
        raise EventsamError(f'{task.dataset} ({dataset.format}) has no labels to score against')
    if task.predictions is not None:
        return
    bundle = load_any(task.bundle)
    wanted = task_of(bundle.path)
    if dataset.kind != KIND_OF_TASK.get(wanted):
        raise EventsamError(
            f'{task.dataset} has labels of kind {dataset.kind}, which a bundle of task '
            f'{wanted} does not predict; give another --bundle, or --predictions')
    if isinstance(bundle, PanoramicBundle) and dataset.classes is not None:
        class_translation(bundle.manifest.classes, dataset.classes)
    if isinstance(bundle, SemanticBundle | RgbtBundle) and dataset.classes is not None and (
            bundle.manifest.classes != dataset.classes.names):
        raise EventsamError(
            f'{task.dataset} has the classes {", ".join(dataset.classes.names)}, but the bundle '
            f'tells {", ".join(bundle.manifest.classes)}; give another --bundle')


def _run(
    task: Task, dataset: Dataset, arguments: argparse.Namespace,
) -> list[SequenceResult]:
    names = [s.name for s in dataset.sequences]
    found: dict[str, SequenceResult] = {}
    if arguments.resume:
        store = SequenceStore(task.output, task.fingerprint())
        found = {r.name: r for name in names if (r := store.load(name)) is not None}
    left = [name for name in names if name not in found]
    spread = choose(min(arguments.jobs, max(len(left), 1)), arguments.ray)
    with Progress(f'evaluating {len(left)} sequence(s)') as progress:
        for result in spread(task, left):
            found[result.name] = result
            progress.show(len(found) / len(names))
    return [found[name] for name in names]


def write_run(
    task: Task, dataset: Dataset, results: Sequence[SequenceResult], output: Path,
    command: str, extra: Mapping[str, Any] | None = None, **page: Any,
) -> dict[str, Any]:
    """Write metrics.json, frames.csv and report.html.

    Args:
        task: What was run.
        dataset: On what.
        results: What came out.
        output: Folder.
        command: Command line.
        extra: Entries of metrics.json that replace those of an offline run.
        page: For `report.page.render`.
    """
    metrics: dict[str, Any] = {
        'version': VERSION, 'mode': 'offline',
        'dataset': {'path': str(task.dataset), 'format': dataset.format, 'kind': dataset.kind,
                    'split': dataset.split},
        'model': _model(task), **summarise(results, dataset.kind, dataset.classes), 'drops': {},
        'machine': machine(), 'command': command, **(extra or {})}
    write_metrics(output / 'metrics.json', metrics)
    write_frames(output / 'frames.csv', results)
    (output / 'report.html').write_text(render(metrics, results, output, **page), 'utf-8')
    return metrics


def _model(task: Task) -> dict[str, str]:
    if task.predictions is not None:
        return {'kind': 'predictions', 'name': str(task.predictions)}
    return {'kind': 'bundle', 'name': load_any(task.bundle).manifest.name}


def machine() -> dict[str, Any]:
    """Return what the run was made on."""
    return {'system': platform.platform(), 'processors': os.cpu_count() or 1,
            'python': platform.python_version()}
