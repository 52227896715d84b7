# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sequences spread over this process, over several, or over a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
import multiprocessing

from eventsam_ros.errors import EventsamError

from .summary import SequenceResult
from .task import Task, evaluate_sequence

Results = Iterator[SequenceResult]


def here(task: Task, names: Sequence[str]) -> Results:
    """Evaluate sequences one after the other."""
    for name in names:
        yield evaluate_sequence(task, name)


def processes(task: Task, names: Sequence[str], jobs: int) -> Results:
    """Evaluate sequences in several processes, in the order in which they finish.

    Raises:
        EventsamError: A sequence cannot be evaluated, or a process was killed.
    """
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        waiting = [pool.submit(evaluate_sequence, task, name) for name in names]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BrokenProcessPool as error:
            raise EventsamError(
                'a worker process was killed (out of memory?); finished sequences are kept, '
                'go on with --resume and fewer --jobs') from error
        finally:
            pool.shutdown(cancel_futures=True)


def choose(jobs: int, ray_address: str | None) -> Callable[[Task, Sequence[str]], Results]:
    """Return how sequences are evaluated.

    Args:
        jobs: Processes, at least 1.
        ray_address: Address of a Ray cluster, or None.
    """
    if ray_address is not None:
        from .ray_cluster import cluster  # noqa: PLC0415 - an optional dependency
        return lambda task, names: cluster(task, names, ray_address)
    if jobs > 1:
        return lambda task, names: processes(task, names, jobs)
    return here
