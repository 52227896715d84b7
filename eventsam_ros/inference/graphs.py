# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The two graphs of a bundle: their fixed names and shapes, checked where they are opened."""

from __future__ import annotations

from collections.abc import Mapping

from eventsam_ros.errors import BundleError, EngineError

from .bundle import Bundle
from .engines import Engine, create_engine
from .engines.engine import Shape

OUTPUTS = 4
"""Masks the decoder gives for a prompt: one for a clear prompt, three for a lone click."""


def encoder_shapes(bundle: Bundle) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the inputs and outputs, by name, that a bundle's encoder must have."""
    m = bundle.manifest
    embedding = (1, m.channels, m.height // m.stride, m.width // m.stride)
    return {'image': (1, 3, m.height, m.width)}, {'embedding': embedding}


def decoder_shapes(bundle: Bundle) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the inputs and outputs, by name, that a bundle's decoder must have."""
    m = bundle.manifest
    _, embedding = encoder_shapes(bundle)
    low = (m.height // m.low_res_stride, m.width // m.low_res_stride)
    inputs: dict[str, Shape] = {
        **embedding, 'point_coords': (None, None, 2), 'point_labels': (None, None),
        'mask_input': (None, 1, *low), 'has_mask': (None,)}
    return inputs, {'low_res_masks': (None, OUTPUTS, *low), 'scores': (None, OUTPUTS)}


def open_engines(
    bundle: Bundle, engine: str = 'auto', threads: int | None = None,
) -> tuple[Engine, Engine]:
    """Load encoder and decoder of a bundle and check that they fit its manifest.

    Args:
        bundle: A checked bundle.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.

    Returns:
        The encoder and the decoder.

    Raises:
        BundleError: A graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    opened: list[Engine] = []
    try:
        for path, shapes in ((bundle.encoder_path, encoder_shapes(bundle)),
                             (bundle.decoder_path, decoder_shapes(bundle))):
            graph = create_engine(path, engine, threads)
            opened.append(graph)
            _check(f'the inputs of {path}', graph.inputs, shapes[0])
            _check(f'the outputs of {path}', graph.outputs, shapes[1])
    except (BundleError, EngineError):
        for graph in opened:
            graph.close()
        raise
    return opened[0], opened[1]


def _check(
    subject: str, actual: Mapping[str, Shape], expected: Mapping[str, Shape],
) -> None:
    fits = actual.keys() == expected.keys() and all(
        _shapes_agree(actual[name], shape) for name, shape in expected.items())
    if not fits:
        raise BundleError(f'{subject} must be {_listed(expected)} as its manifest says, '
                          f'but they are {_listed(actual)}; export the bundle again')


def _shapes_agree(actual: Shape, expected: Shape) -> bool:
    """Tell whether a graph takes what the manifest promises; open sizes must stay open."""
    if len(actual) != len(expected):
        return False
    # A fixed size in the manifest may be an open one in the graph, but not the other way round.
    return all(a is None or a == e for a, e in zip(actual, expected, strict=True))


def _listed(shapes: Mapping[str, Shape]) -> str:
    return ', '.join(
        f'{name} [{", ".join("any" if s is None else str(s) for s in shape)}]'
        for name, shape in shapes.items())
