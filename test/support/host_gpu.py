# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A GPU made of the host: its memory behind CUDA's runtime, its kernels ONNX Runtime's.

The engine and contexts have the few methods of TensorRT's API that a compiled graph uses, and
compute on the addresses they were given when their turn on the stream comes.
"""

import ctypes
import math
from pathlib import Path
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

SOURCE = Path(__file__).parent / 'host_cuda.c'


def compile_runtime(folder):
    compiler = shutil.which('cc') or pytest.skip('there is no C compiler')
    library = folder / 'libcudart.so'
    subprocess.run([compiler, '-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', str(library),
                    str(SOURCE)], check=True)
    return library


class HostEngine:
    """An ONNX file as an engine, with ranges for its open inputs."""

    def __init__(self, path, ranges, library):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options)
        self.ranges, self.library = ranges, ctypes.CDLL(str(library))
        self.values = {**{v.name: (v, 'INPUT') for v in self.session.get_inputs()},
                       **{v.name: (v, 'OUTPUT') for v in self.session.get_outputs()}}
        self.num_io_tensors = len(self.values)
        self.contexts, self.kind, self.starts = 0, 'FLOAT', True

    def get_tensor_name(self, k):
        return list(self.values)[k]

    def get_tensor_mode(self, name):
        return SimpleNamespace(name=self.values[name][1])

    def get_tensor_dtype(self, _name):
        return SimpleNamespace(name=self.kind)

    def get_tensor_shape(self, name):
        return tuple(side if isinstance(side, int) else -1 for side in self.values[name][0].shape)

    def get_tensor_profile_shape(self, name, _profile):
        return list(self.ranges.get(name, (self.get_tensor_shape(name),) * 3))

    def context(self):
        self.contexts += 1
        return HostContext(self)


class HostContext:
    """Computes on the addresses that it was given."""

    def __init__(self, engine):
        self.engine, self.shapes, self.addresses, self.keep = engine, {}, {}, []

    def set_input_shape(self, name, shape):
        self.shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name):
        zeros = {n: np.zeros(s, np.float32) for n, s in self.shapes.items()}
        return self.engine.session.run([name], zeros)[0].shape

    def set_tensor_address(self, name, address):
        self.addresses[name] = address

    def execute_async_v3(self, stream):
        # kernels know the shapes that were set when they were enqueued
        shapes, addresses = dict(self.shapes), dict(self.addresses)

        def compute(_data):
            given = {n: view(addresses[n], s) for n, s in shapes.items()}
            for (name, (_, mode)) in self.engine.values.items():
                if mode == 'OUTPUT':
                    value = self.engine.session.run([name], given)[0]
                    view(addresses[name], value.shape)[...] = value
        self.keep.append(ctypes.CFUNCTYPE(None, ctypes.c_void_p)(compute))
        assert self.engine.library.cudaLaunchHostFunc(
            ctypes.c_void_p(stream), self.keep[-1], None) == 0
        return self.engine.starts


def view(address, shape):
    memory = (ctypes.c_float * math.prod(shape)).from_address(address)
    return np.ctypeslib.as_array(memory).reshape(shape)
