# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Refuses engines whose masks are not those of the bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
import math

from eventsam_ros.errors import EngineError

from .bundle import Bundle
from .engines import Engine
from .engines.onnxruntime_engine import OnnxRuntimeEngine
from .engines.tensorrt_engine import TensorRtEngine
from .engines.verdicts import read_verdict, write_verdict
from .parity import Parity, cases, compare, engine_answers

LEAST_IOU = 0.98
"""Mean IoU of masks below which engines are refused."""
REFERENCE = 'onnxruntime 1'
"""What engines are compared with, and the version of the method."""

Pair = tuple[Engine, Engine]


def measure_parity(bundle: Bundle, found: Pair, reference: Pair) -> Parity:
    """Compare encoder and decoder in two back ends, on noise and simulated windows.

    Args:
        bundle: Whose graphs they run.
        found: The engines in question.
        reference: Those that are right.

    Raises:
        EngineError: One of them failed.
    """
    m = bundle.manifest
    tried = cases(m, m.width, m.height, m.low_res_stride)
    return compare(engine_answers(*found, tried), engine_answers(*reference, tried))


def check_parity(bundle: Bundle, found: Pair, parity: Parity) -> None:
    """Raise EngineError where masks are too far from the reference.

    Args:
        bundle: For the message.
        found: The engines in question.
        parity: From `measure_parity`.
    """
    if not math.isfinite(parity.embedding_max):
        reason = 'its embedding is not finite'
    elif parity.mask_iou < LEAST_IOU:
        reason = (f'its masks agree with ONNX Runtime at IoU {parity.mask_iou:.4f} only, and '
                  f'{LEAST_IOU} is required')
    else:
        return
    raise EngineError(f'{found[0].description} is refused for {bundle.path}: {reason}; build with '
                      'precision fp32, or set the engine to onnxruntime')


def pass_gate(
    bundle: Bundle, encoder: TensorRtEngine, decoder: TensorRtEngine,
    tell: Callable[[str], object],
) -> None:
    """Compare compiled engines with ONNX Runtime on the CPU, once for each build.

    Args:
        bundle: Whose graphs they run.
        encoder: Loaded.
        decoder: Loaded.
        tell: Told what takes its time.

    Raises:
        EngineError: Their masks differ, or one of them failed.
    """
    folder, keys = encoder.cache.folder, (encoder.key, decoder.key)
    names = tuple(Parity.__dataclass_fields__)
    stored = read_verdict(folder, keys, REFERENCE, names)
    if stored is None:
        tell(f'comparing masks of {encoder.description} with ONNX Runtime, once')
        reference = (OnnxRuntimeEngine(bundle.encoder_path),
                     OnnxRuntimeEngine(bundle.decoder_path))
        parity = measure_parity(bundle, (encoder, decoder), reference)
        for each in reference:
            each.close()
        write_verdict(folder, keys, REFERENCE, asdict(parity))
    else:
        parity = Parity(**stored)
    check_parity(bundle, (encoder, decoder), parity)
