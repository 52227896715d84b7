# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The graphs of bundles of any task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .bundle import Bundle
from .class_maps import open_network
from .engines import Engine, EngineOptions
from .engines.tensorrt_build import Range
from .graphs import open_engines
from .opening import AnyBundle
from .ranges import decoder_ranges
from .referring_bundle import ReferringBundle
from .referring_bundle import decoder_ranges as referring_ranges
from .referring_graphs import open_referring


def graphs_of(bundle: AnyBundle) -> tuple[tuple[Path, Mapping[str, Range]], ...]:
    """Return the ONNX files of a bundle, each with the ranges of its inputs of open size."""
    if isinstance(bundle, Bundle):
        return (bundle.encoder_path, {}), (bundle.decoder_path, decoder_ranges(bundle))
    if isinstance(bundle, ReferringBundle):
        return ((bundle.file('encoder'), {}), (bundle.file('text'), {}),
                (bundle.file('decoder'), referring_ranges(bundle.manifest)))
    return ((bundle.network_path, {}),)


def open_all(
    bundle: AnyBundle, engine: str = 'auto', threads: int | None = None,
    options: EngineOptions | None = None,
) -> tuple[Engine, ...]:
    """Load the graphs of a bundle, in the order of graphs_of, and check that they fit it.

    Args:
        bundle: A checked bundle.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        options: Of compiled engines; None takes the defaults.

    Raises:
        BundleError: A graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    if isinstance(bundle, Bundle):
        return open_engines(bundle, engine, threads, options)
    if isinstance(bundle, ReferringBundle):
        return open_referring(bundle, engine, threads, options)
    return (open_network(bundle, engine, threads, options),)
