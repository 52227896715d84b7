# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What makes a compiled engine the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import hashlib
import json
from pathlib import Path

from .tensorrt_build import BUILDER_VERSION, Range


@dataclass(frozen=True)
class EngineKey:
    """Two engines with the same key do the same on the same GPUs; one other field parts them.

    Attributes:
        graph: SHA-256 of the ONNX file.
        package: Package that compiled, with its version.
        gpu: Name of the GPU; '' where an engine runs on every GPU of its capability.
        capability: Compute capability, such as 'SM86'.
        precision: One of tensorrt_build.PRECISIONS.
        profile: Ranges of the open inputs, as text.
        builder: tensorrt_build.BUILDER_VERSION.
    """

    graph: str
    package: str
    gpu: str
    capability: str
    precision: str
    profile: str
    builder: int = BUILDER_VERSION

    @property
    def digest(self) -> str:
        """Return the key as 32 hexadecimal digits, for names of files."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def engine_key(
    path: Path, package: str, gpu: str, capability: str, precision: str,
    ranges: Mapping[str, Range] | None = None,
) -> EngineKey:
    """Return the key of the engine of an ONNX file; see EngineKey for the arguments."""
    graph = hashlib.sha256(path.read_bytes()).hexdigest()
    profile = json.dumps({name: list(map(list, each)) for name, each in (ranges or {}).items()},
                         sort_keys=True)
    return EngineKey(graph, package, gpu, capability, precision, profile)
