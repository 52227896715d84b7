# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every task's work has in common, and what the node asks of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from .diagnostics import Look
from .pipeline import Pipeline


class Timed(Protocol):
    """What tells how long it took.

    Attributes:
        timings: Milliseconds of each stage of the last call.
    """

    timings: dict[str, float]


class Network(Timed, Protocol):
    """What runs a bundle."""

    @property
    def engine_description(self) -> str:
        """Return what it runs on, for people."""

    def close(self) -> None:
        """Free it."""


class Work(Protocol):
    """What a node does from activation to deactivation; made anew for each activation.

    Attributes:
        DROPS: Names of all that it drops; counts() may leave out those that are 0.
        RATES: Keys of the report, and the counters whose growth per second they are.
        pipeline: From what is to be segmented to what is published.
    """

    DROPS: ClassVar[tuple[str, ...]]
    RATES: ClassVar[Mapping[str, str]]
    pipeline: Pipeline[Any]

    def start(self) -> None:
        """Subscribe and begin."""

    def stop(self) -> None:
        """Finish what is at hand and end the threads; nothing is subscribed to any more."""

    def adopt(self) -> None:
        """Take over parameters that were changed."""

    def reset(self) -> str:
        """Forget what came before; return in words what is forgotten."""

    def clear_prompts(self) -> int:
        """Forget all prompts; return how many there were."""

    def counts(self) -> Mapping[str, int]:
        """Return everything that is counted but for what the pipeline counts."""

    def look(self, new: Mapping[str, int]) -> Look:
        """Return how the inputs are.

        Args:
            new: Growth of all counters since the last look.
        """
