# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Sequences on an existing Ray cluster, for archives larger than one machine.

Dataset, bundle and output folder must be reachable under the same paths from every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import re
import socket
from typing import Any

from eventsam_ros.errors import EventsamError

from .summary import SequenceResult
from .task import Task, evaluate_sequence

RETRIES = 3
"""How often a sequence is begun again whose worker was lost."""
_REACH_S = 5.0


def cluster(task: Task, names: Sequence[str], address: str) -> Iterator[SequenceResult]:
    """Evaluate sequences on a cluster, in the order in which they finish.

    Raises:
        EventsamError: Ray is not installed, the cluster cannot be reached, or a sequence cannot
            be evaluated.
    """
    try:
        import ray  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise EventsamError(
            'Ray is not installed here; install it with `pip install ray`, or leave --ray out'
        ) from error
    begun = not ray.is_initialized()
    if begun:
        try:
            _check_reachable(address)
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except Exception as error:
            raise EventsamError(f'the Ray cluster {address} cannot be reached: {error}') from error
    try:
        run: Any = ray.remote(max_retries=RETRIES, num_cpus=1)(evaluate_sequence)
        waiting = [run.remote(task, name) for name in names]
        while waiting:
            done, waiting = ray.wait(waiting)
            try:
                yield ray.get(done[0])
            except ray.exceptions.RayTaskError as error:
                cause = error.cause
                raise EventsamError(f'a worker failed: {cause}') from error
    finally:
        if begun:
            ray.shutdown()


def _check_reachable(address: str) -> None:
    """Try HOST:PORT for a few seconds; Ray itself would try for many minutes.

    Raises:
        OSError: Nobody answers there.
    """
    place = re.fullmatch(r'(?:\w+://)?([^:/]+):(\d+)', address)
    if place is not None:
        socket.create_connection((place[1], int(place[2])), _REACH_S).close()
