# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Refuses compiled engines whose answers are not those of the bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
import math
from pathlib import Path
from typing import Protocol

from eventsam_ros.errors import EngineError

from .engines import Engine
from .engines.onnxruntime_engine import OnnxRuntimeEngine
from .engines.tensorrt_engine import TensorRtEngine
from .engines.verdicts import read_verdict, write_verdict
from .manifest import Manifest
from .parity import Parity, cases, compare, engine_answers

LEAST_IOU = 0.98
"""Mean IoU of masks below which engines are refused."""
REFERENCE = 'onnxruntime 1'
"""What engines are compared with, and the version of the method."""

Engines = Sequence[Engine]


class Trial(Protocol):
    """What the graphs of a bundle are asked, and which answers will do."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the figures that `measure` finds."""

    def measure(self, found: Engines, reference: Engines) -> Mapping[str, float]:
        """Compare the graphs of a bundle in two back ends.

        Args:
            found: The engines in question, in the order of the bundle's graphs.
            reference: Those that are right.

        Raises:
            EngineError: One of them failed.
        """

    def fault(self, figures: Mapping[str, float]) -> str | None:
        """Return why engines of such figures are refused, as half a sentence, or None."""


class MaskTrial:
    """Masks of noise and simulated windows; see Trial."""

    names = tuple(Parity.__dataclass_fields__)

    def __init__(self, manifest: Manifest) -> None:
        """Take what the bundle says of its pictures and prompts."""
        self._manifest = manifest

    def measure(self, found: Engines, reference: Engines) -> Mapping[str, float]:
        """Compare encoder and decoder."""
        return asdict(measure_parity(self._manifest, found, reference))

    def fault(self, figures: Mapping[str, float]) -> str | None:
        """Refuse embeddings that are no numbers, and masks that differ."""
        return mask_fault(Parity(**figures))


def mask_fault(parity: Parity) -> str | None:
    """Return why engines are refused, as half a sentence, or None."""
    if not math.isfinite(parity.embedding_max):
        return 'its embedding is not finite'
    if parity.mask_iou < LEAST_IOU:
        return (f'its masks agree with ONNX Runtime at IoU {parity.mask_iou:.4f} only, and '
                f'{LEAST_IOU} is required')
    return None


def measure_parity(manifest: Manifest, found: Engines, reference: Engines) -> Parity:
    """Compare encoder and decoder in two back ends, on noise and simulated windows.

    Args:
        manifest: Of the bundle whose graphs they run.
        found: The engines in question.
        reference: Those that are right.

    Raises:
        EngineError: One of them failed.
    """
    tried = cases(manifest, manifest.width, manifest.height, manifest.low_res_stride)
    return compare(engine_answers(found[0], found[1], tried),
                   engine_answers(reference[0], reference[1], tried))


def pass_gate(
    bundle: Path, graphs: Sequence[Path], compiled: Sequence[TensorRtEngine], trial: Trial,
    tell: Callable[[str], object],
) -> None:
    """Compare compiled engines with ONNX Runtime on the CPU, once for each build.

    Args:
        bundle: Its folder, for messages.
        graphs: Its ONNX files.
        compiled: The engine of each, loaded.
        trial: What they are asked.
        tell: Told what takes its time.

    Raises:
        EngineError: They answer otherwise, or one of them failed.
    """
    first, keys = compiled[0], tuple(each.key for each in compiled)
    figures = read_verdict(first.cache.folder, keys, REFERENCE, trial.names)
    if figures is None:
        tell(f'comparing the answers of {first.description} with ONNX Runtime, once')
        reference = [OnnxRuntimeEngine(path) for path in graphs]
        figures = trial.measure(compiled, reference)
        for each in reference:
            each.close()
        write_verdict(first.cache.folder, keys, REFERENCE, figures)
    if reason := trial.fault(figures):
        raise EngineError(f'{first.description} is refused for {bundle}: {reason}; build with '
                          'precision fp32, or set the engine to onnxruntime')


def gate(
    bundle: Path, graphs: Sequence[Path], opened: Engines, trial: Trial,
    tell: Callable[[str], object],
) -> None:
    """Let engines pass that were not compiled, and others by `pass_gate`."""
    compiled = [each for each in opened if isinstance(each, TensorRtEngine)]
    if len(compiled) == len(opened):
        pass_gate(bundle, graphs, compiled, trial, tell)
