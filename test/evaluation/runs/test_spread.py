# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The same results from one process, from several and from a cluster that loses a worker."""

import os
from pathlib import Path
import signal
import threading
import time

import cv2
import numpy as np
import pytest

from eventsam_ros.errors import EventsamError
from eventsam_ros.evaluation.runs.spread import choose, here, processes
from eventsam_ros.evaluation.runs.task import Task
from eventsam_ros.simulation.samples import held_out_window

SEQUENCES = ('a', 'b', 'c', 'd')


@pytest.fixture(scope='module')
def task(tmp_path_factory):
    """Return a task on four sequences in EventSAM's layout."""
    root = tmp_path_factory.mktemp('data')
    # The set is of one sensor.
    windows = [w for w in map(held_out_window, range(20, 60)) if w[0].width == 346]
    for k, name in enumerate(SEQUENCES):
        events = root / 'Datasets' / 'RGBE-SEG' / name / 'event'
        truths = root / 'Groundtruths' / 'RGBE-SEG' / name
        events.mkdir(parents=True)
        truths.mkdir(parents=True)
        for frame in range(3):
            window, ids = windows[3 * k + frame]
            e = window.events
            np.savez(events / f'{frame:04d}.npz', x=e.x, y=e.y, t=e.t // 1000, p=e.p)
            colours = np.full((256, 3), 255, np.uint8)
            colours[1:] = np.random.default_rng(k).integers(0, 250, (255, 3))
            cv2.imwrite(str(truths / f'{frame:04d}.png'), colours[ids])
    return Task(root, tmp_path_factory.mktemp('output'), 'rgbe-seg', pictures=False, threads=1)


@pytest.fixture(scope='module')
def wanted(task):
    return {r.name: r for r in here(task, SEQUENCES)}


def _same(results, wanted):
    assert sorted(r.name for r in results) == sorted(wanted)
    for result in results:
        for a, b in zip(result.frames, wanted[result.name].frames, strict=True):
            assert a.scores == pytest.approx(b.scores, nan_ok=True)


def test_several_processes_give_the_results_of_one(task, wanted):
    _same(list(processes(task, SEQUENCES, 2)), wanted)


def test_a_failure_in_a_process_is_told(task):
    with pytest.raises(EventsamError, match='no_such_folder'):
        list(processes(Task(Path('no_such_folder'), task.output, pictures=False), ['a'], 2))


def test_a_cluster_does_the_sequences_of_a_lost_worker_again(task, wanted):
    ray = pytest.importorskip('ray', reason='Ray is not installed here')
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False,
             object_store_memory=100_000_000)
    killed = []

    def kill_one():
        while not killed:
            for folder in Path('/proc').iterdir():
                try:
                    name = (folder / 'cmdline').read_bytes()
                except OSError:
                    continue
                if name.startswith(b'ray::evaluate_sequence'):
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed.append(folder.name)
                    return
            time.sleep(0.01)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    try:
        _same(list(choose(1, 'auto')(task, SEQUENCES)), wanted)
    finally:
        ray.shutdown()
    assert killed


def test_a_cluster_that_is_not_there_is_one_sentence(task):
    pytest.importorskip('ray', reason='Ray is not installed here')
    with pytest.raises(EventsamError, match=r'Ray cluster 127\.0\.0\.1:1 cannot be reached'):
        list(choose(1, '127.0.0.1:1')(task, ['a']))
