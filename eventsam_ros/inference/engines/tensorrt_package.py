# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""TensorRT, or TensorRT for RTX, as it is installed, and what its messages call for.

Source: NVIDIA TensorRT's Python API. Either package will do; both are NVIDIA's and proprietary,
so nothing here installs them.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from eventsam_ros.errors import EngineError

PACKAGES = ('tensorrt', 'tensorrt_rtx', 'tensorrt_rtx_bindings')
"""Modules with the builder; the first that is there is taken."""
OPERATOR = ('TensorRT does not know that operator: update TensorRT, export the bundle without it, '
            'or set the engine to onnxruntime')
"""What to change where a graph has something that TensorRT cannot compile."""
_MEMORY = 'stop other programs on the GPU, or build the engine when it is idle'
_ADVICE = (
    ('outofmemory', _MEMORY),
    ('insufficientmemory', _MEMORY),
    ('insufficientworkspace', _MEMORY),
    ('failedtoparse', 'export the bundle again'),
    ('plugin', OPERATOR),
    ('couldnotfindanyimplementation', 'the precision may be the reason: build with precision '
     'fp32, or set the engine to onnxruntime'),
    ('cudaerror35', 'there is no NVIDIA driver here: give a compute capability to build for'),
    ('cudainitializationfailure', 'there is no NVIDIA driver here: give a compute capability to '
     'build for'))
"""What a message of TensorRT calls for, by a piece of it without blanks."""


def load_tensorrt() -> Any:
    """Return the module of the TensorRT that is installed.

    Raises:
        EngineError: There is none.
    """
    for name in PACKAGES:
        if importlib.util.find_spec(name) is not None:
            return _imported(name)
    raise EngineError('TensorRT is not installed; install tensorrt, or for a build without a GPU: '
                      'pip install --no-deps tensorrt-rtx-cu13-libs tensorrt-rtx-cu13-bindings')


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise EngineError(f'{name} is installed but cannot be imported: '
                          f'{" ".join(str(error).split())}') from error


def tensorrt_version(trt: Any) -> str:
    """Return package and version, such as 'tensorrt_rtx_bindings 1.7.1.116'."""
    return f'{trt.__name__} {trt.__version__}'


def builds_for_any_gpu(trt: Any) -> bool:
    """Tell whether a package builds for compute capabilities (RTX) or for the GPU at hand."""
    return hasattr(trt, 'ComputeCapability')


def listener(trt: Any, said: list[str]) -> Any:
    """Return a logger that keeps errors for the message of an EngineError."""
    class Listener(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity in {trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR}:
                said.append(message)
    return Listener()


def complaint(reasons: list[str], otherwise: str = '') -> str:
    """Return what TensorRT says as one sentence, and what to change.

    Args:
        reasons: Its messages.
        otherwise: What to change where no message is known.
    """
    text = ' '.join('; '.join(reasons).split()) or 'it gives no reason'
    plain = text.lower().replace(' ', '')
    known = (advice for sign, advice in _ADVICE if sign in plain)
    advice = next(known, otherwise)
    return f'{text}; {advice}' if advice else text
