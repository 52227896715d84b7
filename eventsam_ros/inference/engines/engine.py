# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What every back end offers, and all that the rest of the package knows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from eventsam_ros.events.types import Float32

from .tensorrt_build import Range

Shape = tuple[int | None, ...]
"""Sizes of a tensor; None where any size goes."""


@dataclass(frozen=True)
class EngineOptions:
    """How a back end that compiles graphs does it; the others have no use for it.

    Attributes:
        precision: One of tensorrt_build.PRECISIONS.
        cache: Folder of compiled engines; None is engine_cache.default_cache.
        ranges: Shapes of every input whose size is open, by name.
        tell: Called with one sentence before work that takes minutes.
    """

    precision: str = 'fp16'
    cache: Path | None = None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    tell: Callable[[str], object] = lambda _: None


class Engine(Protocol):
    """One loaded graph. Not safe to use from several threads at once.

    Attributes:
        name: Name of the back end, as in `ENGINES`.
        description: The back end with its version, where it runs and how, for people, such as
            'ONNX Runtime 1.31.1 on CPU, 2 threads'.
        passed_over: A sentence for each faster back end why 'auto' did not take it.
        inputs: Shape of every input, by name; all are float32.
        outputs: Shape of every output, by name; all are float32.
    """

    name: str
    description: str
    passed_over: tuple[str, ...]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]

    def run(self, inputs: Mapping[str, Float32]) -> dict[str, Float32]:
        """Return every output by name for one set of inputs.

        Raises:
            EngineError: The back end refused the inputs or failed.
        """
        ...

    def close(self) -> None:
        """Free what the graph holds; `run` raises EngineError from here on."""
        ...
