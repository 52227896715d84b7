# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The two dozen calls of the CUDA runtime that an engine needs, through ctypes.

libcudart comes with CUDA, with JetPack and with pip's packages, and these functions have had the
same binary interface from CUDA 11.4 to 13; so no package has to fit the CUDA of the vehicle.
Source: NVIDIA's CUDA Runtime API reference.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char, c_char_p, c_int, c_size_t, c_uint, c_ulonglong, c_void_p
import importlib.util
from pathlib import Path
from typing import Any

from eventsam_ros.errors import EngineError

NAMES = ('libcudart.so.13', 'libcudart.so.12', 'libcudart.so.11.0', 'libcudart.so')
TO_DEVICE, TO_HOST = 1, 2
"""Directions of a copy."""
_MAJOR, _MINOR = 75, 76   # cudaDevAttrComputeCapabilityMajor, -Minor
_NON_BLOCKING = 1         # cudaStreamNonBlocking
_THREAD_LOCAL = 1         # cudaStreamCaptureModeThreadLocal
_ADVICE = {
    2: '; stop other programs on the GPU, or build with precision fp16',   # out of memory
    35: "; there is no NVIDIA driver here, or one older than CUDA: install NVIDIA's newest",
    100: '; there is no GPU that CUDA can use'}
_PROPERTIES = 1 << 14     # cudaDeviceProp has about 1000 bytes, by version; its name comes first
_SIGNATURES: dict[str, tuple[Any, ...]] = {
    'cudaGetDeviceCount': (c_void_p,),
    'cudaSetDevice': (c_int,),
    'cudaDeviceGetAttribute': (c_void_p, c_int, c_int),
    'cudaGetDeviceProperties': (c_void_p, c_int),
    'cudaMalloc': (c_void_p, c_size_t),
    'cudaFree': (c_void_p,),
    'cudaHostAlloc': (c_void_p, c_size_t, c_uint),
    'cudaFreeHost': (c_void_p,),
    'cudaMemcpyAsync': (c_void_p, c_void_p, c_size_t, c_int, c_void_p),
    'cudaStreamCreateWithFlags': (c_void_p, c_uint),
    'cudaStreamSynchronize': (c_void_p,),
    'cudaStreamDestroy': (c_void_p,),
    'cudaStreamBeginCapture': (c_void_p, c_int),
    'cudaStreamEndCapture': (c_void_p, c_void_p),
    'cudaGraphInstantiateWithFlags': (c_void_p, c_void_p, c_ulonglong),
    'cudaGraphLaunch': (c_void_p, c_void_p),
    'cudaGraphExecDestroy': (c_void_p,),
    'cudaGraphDestroy': (c_void_p,)}


class CudaRuntime:
    """The CUDA runtime on its first GPU; addresses and handles are whole numbers.

    Every method raises EngineError with what the runtime says where a call fails.

    Attributes:
        gpu: Name of the GPU.
        capability: Its compute capability, such as 'SM86'.
    """

    def __init__(self, library: Path | str | None = None) -> None:
        """Load the library and look at the GPU.

        Args:
            library: File of the runtime; None looks where it is usually installed.

        Raises:
            EngineError: There is no runtime, no driver or no GPU.
        """
        self._library = _load(library)
        for name, arguments in _SIGNATURES.items():
            function = getattr(self._library, name)
            function.argtypes, function.restype = arguments, c_int
        self._library.cudaGetErrorString.argtypes = (c_int,)
        self._library.cudaGetErrorString.restype = c_char_p
        count = c_int()
        self._call('cudaGetDeviceCount', byref(count))
        if count.value < 1:
            raise EngineError('there is no GPU that CUDA can use')
        self.gpu, self.capability = self._identify()

    def _identify(self) -> tuple[str, str]:
        major, minor = c_int(), c_int()
        self._call('cudaDeviceGetAttribute', byref(major), _MAJOR, 0)
        self._call('cudaDeviceGetAttribute', byref(minor), _MINOR, 0)
        properties = (c_char * _PROPERTIES)()
        self._call('cudaGetDeviceProperties', byref(properties), 0)
        return properties.value.decode('utf-8', 'replace'), f'SM{major.value}{minor.value}'

    def use(self) -> None:
        """Make the GPU that of the calling thread."""
        self._call('cudaSetDevice', 0)

    def allocate(self, size: int) -> int:
        """Return the address of so many bytes on the GPU."""
        return self._made('cudaMalloc', size)

    def free(self, address: int) -> None:
        """Give GPU memory back."""
        self._call('cudaFree', address)

    def allocate_pinned(self, size: int) -> int:
        """Return the address of so many bytes of the host that the GPU copies directly."""
        return self._made('cudaHostAlloc', size, 0)

    def free_pinned(self, address: int) -> None:
        """Give pinned memory back."""
        self._call('cudaFreeHost', address)

    def stream(self) -> int:
        """Return a new stream that waits for no other one."""
        return self._made('cudaStreamCreateWithFlags', _NON_BLOCKING)

    def destroy_stream(self, stream: int) -> None:
        """Destroy a stream."""
        self._call('cudaStreamDestroy', stream)

    def copy(self, target: int, source: int, size: int, direction: int, stream: int) -> None:
        """Enqueue a copy of so many bytes, TO_DEVICE or TO_HOST."""
        self._call('cudaMemcpyAsync', target, source, size, direction, stream)

    def wait(self, stream: int) -> None:
        """Wait until a stream has done all that was enqueued."""
        self._call('cudaStreamSynchronize', stream)

    def begin_capture(self, stream: int) -> None:
        """Let a stream record what is enqueued instead of doing it."""
        self._call('cudaStreamBeginCapture', stream, _THREAD_LOCAL)

    def end_capture(self, stream: int) -> int:
        """Return what a stream has recorded, ready to be launched; the stream works again."""
        graph = self._made('cudaStreamEndCapture', stream, first=False)
        try:
            return self._made('cudaGraphInstantiateWithFlags', graph, 0)
        finally:
            self._call('cudaGraphDestroy', graph)

    def launch(self, graph: int, stream: int) -> None:
        """Enqueue all of a recording at once."""
        self._call('cudaGraphLaunch', graph, stream)

    def destroy_graph(self, graph: int) -> None:
        """Destroy a recording."""
        self._call('cudaGraphExecDestroy', graph)

    def _made(self, name: str, *arguments: int, first: bool = True) -> int:
        """Call what hands something back through a pointer, its first argument or its last."""
        made = c_void_p()
        self._call(name, *((byref(made), *arguments) if first else (*arguments, byref(made))))
        return made.value or 0

    def _call(self, name: str, *arguments: Any) -> None:
        code = getattr(self._library, name)(*arguments)
        if code == 0:
            return
        text = self._library.cudaGetErrorString(code).decode('utf-8', 'replace')
        raise EngineError(f'{name} failed: {text}{_ADVICE.get(code, "")}')


def _load(library: Path | str | None) -> ctypes.CDLL:
    places = [str(library)] if library else [*NAMES, *_packaged()]
    for place in places:
        try:
            return ctypes.CDLL(place)
        except OSError:  # noqa: PERF203  (a handful of places)
            continue
    raise EngineError('the CUDA runtime is not installed; install CUDA, or: '
                      'pip install nvidia-cuda-runtime')


def _packaged() -> list[str]:
    """Return the runtimes among pip's packages, newest first."""
    package = importlib.util.find_spec('nvidia')
    folders = package.submodule_search_locations if package else None
    return sorted((str(path) for folder in folders or () for path in
                   Path(folder).glob('*/lib/libcudart.so.*')), reverse=True)
