# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle with an int8 encoder, and what that costs in accuracy.

Convolutions and matrix products of the encoder take int8 between QuantizeLinear and
DequantizeLinear, which ONNX Runtime, OpenVINO and TensorRT understand: weights by channel,
activations by tensor, both symmetric, as TensorRT wants it; biases stay fp32, which TensorRT wants
too. Source: Jacob et al., CVPR 2018. FP8 is left out: with ONNX Runtime 1.31's calibration the
embedding was off by more than its own size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import hashlib
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory
import time
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
import yaml

from eventsam_ros.evaluation.metrics import iou
from eventsam_ros.evaluation.runs.objects import box_of, inmost_point
from eventsam_ros.events.tensors import window_image
from eventsam_ros.events.types import Float32
from eventsam_ros.inference.bundle import MANIFEST_NAME, Bundle, load_bundle
from eventsam_ros.inference.engines.mixed_precision import QUANTISED, gather_constants
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.gate import measure_parity
from eventsam_ros.inference.letterbox import Letterbox
from eventsam_ros.inference.prompts import Box, Point, Prompt
from eventsam_ros.inference.segmenter import Segmenter
from eventsam_ros.simulation.samples import SENSOR_SIZES, held_out_window, windows_of
from eventsam_ros.simulation.scene import random_scene

from ..errors import RecipeError
from .parity import as_text

OPERATORS = ('Conv', 'Gemm', 'MatMul')
"""What is quantised."""
PERCENTILE = 99.99
"""Share of an activation's values that its range covers; the rest saturates."""
_CALIBRATION_SEED = 77
_FIRST_HELD_OUT = 5000
_TURNS = 10


class _Pictures(CalibrationDataReader):
    """Network inputs, one by one."""

    def __init__(self, pictures: Iterator[Float32]) -> None:
        self._pictures = pictures

    def get_next(self) -> dict[str, Float32] | None:
        """Return the next picture as the encoder takes it, or None after the last."""
        picture = next(self._pictures, None)
        return None if picture is None else {'image': picture}


def calibration_pictures(bundle: Bundle, windows: int) -> Iterator[Float32]:
    """Yield pictures of simulated windows as network input, the same ones every time."""
    rng, m = np.random.default_rng(_CALIBRATION_SEED), bundle.manifest
    taken = 0
    while taken < windows:
        width, height = SENSOR_SIZES[int(rng.integers(len(SENSOR_SIZES)))]
        box = Letterbox(width, height, m.width, m.height, m.low_res_stride)
        for window, _ in windows_of(random_scene(rng, width, height), rng, 1):
            picture = window_image(window, m.representation, *box.content)
            yield box.tensor(picture, m.mean, m.std, m.padding)
            taken += 1


def quantise_graph(source: Path, target: Path, pictures: Iterator[Float32]) -> None:
    """Write an encoder with int8 convolutions and products.

    Args:
        source: Encoder of fp32 arithmetic.
        target: File to write.
        pictures: Calibration data, float32 [1, 3, H, W].

    Raises:
        RecipeError: It is quantised already.
    """
    model = onnx.load(str(source))
    if any(node.op_type in QUANTISED for node in model.graph.node):
        raise RecipeError(f'{source} is quantised already; take the bundle that it was made from')
    gather_constants(onnx, model.graph)
    with TemporaryDirectory() as scratch:
        plain, prepared = Path(scratch) / 'plain.onnx', Path(scratch) / 'prepared.onnx'
        onnx.save(model, str(plain))
        quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared), str(target), _Pictures(pictures), op_types_to_quantize=list(OPERATORS),
            per_channel=True, activation_type=QuantType.QInt8, weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={'ActivationSymmetric': True, 'WeightSymmetric': True,
                           'QuantizeBias': False, 'CalibPercentile': PERCENTILE})


def prompt_ious(bundle: Bundle, windows: int) -> dict[str, float]:
    """Return the mean IoU of clicks and boxes on the objects of held-out windows."""
    segmenter = Segmenter(bundle, 'onnxruntime')
    clicked, boxed = [], []
    for seed in range(_FIRST_HELD_OUT, _FIRST_HELD_OUT + windows):
        window, ids = held_out_window(seed)
        masks = [np.asarray(ids == k) for k in np.unique(ids) if k]
        clicks = [Prompt(points=(Point(*inmost_point(mask)),)) for mask in masks]
        boxes = [Prompt(box=Box(*box_of(mask))) for mask in masks]
        found = segmenter.segment(window, [*clicks, *boxes]).masks
        clicked += [iou(found[k], mask) for k, mask in enumerate(masks)]
        boxed += [iou(found[len(masks) + k], mask) for k, mask in enumerate(masks)]
    segmenter.close()
    return {'click': round(float(np.mean(clicked)), 4), 'box': round(float(np.mean(boxed)), 4)}


def encoder_ms(paths: Sequence[Path], picture: Float32) -> list[float]:
    """Return the least milliseconds that encoders take on one thread, in turns."""
    engines = [OnnxRuntimeEngine(path, 1) for path in paths]
    times: list[list[float]] = [[] for _ in engines]
    for _ in range(_TURNS):
        for engine, taken in zip(engines, times, strict=True):
            begin = time.perf_counter()
            engine.run({'image': picture})
            taken.append((time.perf_counter() - begin) * 1e3)
    for engine in engines:
        engine.close()
    return [round(min(taken), 2) for taken in times]


def quantise_bundle(
    source: Path | None, folder: Path, calibration: int = 64, held_out: int = 40,
) -> dict[str, Any]:
    """Write a bundle with a quantised encoder; the decoder stays as it is.

    Args:
        source: Bundle of task 'events'; None is the one that ships.
        folder: New or empty folder of the bundle to write.
        calibration: Simulated windows that the ranges of activations are taken from.
        held_out: Windows of other scenes that both bundles are tried on.

    Returns:
        The entry `quantisation` of its manifest.

    Raises:
        BundleError: The source is no whole bundle, or is for another task.
        RecipeError: It is quantised already, or the folder holds something.
    """
    bundle = load_bundle(source)
    if folder.exists() and any(folder.iterdir()):
        raise RecipeError(f'{folder} is not empty; give a new folder')
    with TemporaryDirectory() as scratch:
        encoder = Path(scratch) / 'encoder.onnx'
        quantise_graph(bundle.encoder_path, encoder, calibration_pictures(bundle, calibration))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(encoder, folder / 'encoder.onnx')
    shutil.copy(bundle.decoder_path, folder / 'decoder.onnx')
    manifest = yaml.safe_load((bundle.path / MANIFEST_NAME).read_text('utf-8'))
    manifest.pop('parity', None)   # it was about other graphs
    manifest['name'] = f'{bundle.manifest.name}_int8'
    for kind in ('encoder', 'decoder'):
        content = (folder / f'{kind}.onnx').read_bytes()
        manifest['files'][kind] = {
            'path': f'{kind}.onnx', 'sha256': hashlib.sha256(content).hexdigest(),
            'bytes': len(content)}
    (folder / MANIFEST_NAME).write_text(yaml.safe_dump(manifest, sort_keys=False))
    manifest['quantisation'] = _report(bundle, load_bundle(folder), calibration, held_out)
    (folder / MANIFEST_NAME).write_text(yaml.safe_dump(manifest, sort_keys=False))
    found: dict[str, Any] = manifest['quantisation']
    return found


def _report(before: Bundle, after: Bundle, calibration: int, held_out: int) -> dict[str, Any]:
    pairs = [(OnnxRuntimeEngine(each.encoder_path), OnnxRuntimeEngine(each.decoder_path))
             for each in (before, after)]
    parity = as_text(measure_parity(before.manifest, pairs[1], pairs[0]))
    taken = encoder_ms([before.encoder_path, after.encoder_path],
                       next(calibration_pictures(before, 1)))
    return {
        'type': 'int8', 'graphs': ['encoder'], 'operators': list(OPERATORS),
        'calibration': f'{calibration} simulated windows, percentile {PERCENTILE}',
        'runtime': f'onnxruntime {onnxruntime.__version__}',
        **{key: parity[key] for key in ('mask_iou', 'mask_iou_least')},
        'held_out_windows': held_out, 'before': prompt_ious(before, held_out),
        'after': prompt_ious(after, held_out), 'cpu_time_ratio': round(taken[1] / taken[0], 2)}
