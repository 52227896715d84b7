# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The two graphs of a bundle: their fixed names and shapes, checked where they are opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from eventsam_ros.errors import BundleError, EngineError

from .bundle import Bundle
from .engines import Engine, EngineOptions, create_engine
from .engines.engine import Shape
from .engines.selection import first_that_works
from .gate import MaskTrial, gate
from .ranges import decoder_ranges
from .shapes import decoder_shapes, encoder_shapes


def open_engines(
    bundle: Bundle, engine: str = 'auto', threads: int | None = None,
    options: EngineOptions | None = None,
) -> tuple[Engine, Engine]:
    """Load encoder and decoder of a bundle and check that they fit its manifest.

    Both run on the same back end. Compiled ones are compared with ONNX Runtime, once.

    Args:
        bundle: A checked bundle.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        options: Of compiled engines, but for their ranges; None takes the defaults.

    Returns:
        The encoder and the decoder.

    Raises:
        BundleError: A graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, a graph that it cannot load, or masks that are
            not those of the bundle.
        ValueError: Less than one thread.
    """
    chosen = options or EngineOptions()
    pair, passed_over = first_that_works(
        engine, lambda name: _open(bundle, name, threads, chosen))
    for each in pair:
        each.passed_over = passed_over
    return pair


def _open(
    bundle: Bundle, name: str, threads: int | None, options: EngineOptions,
) -> tuple[Engine, Engine]:
    opened: list[Engine] = []
    try:
        for path, shapes, ranges in (
                (bundle.encoder_path, encoder_shapes(bundle), {}),
                (bundle.decoder_path, decoder_shapes(bundle), decoder_ranges(bundle))):
            opened.append(open_graph(
                path, *shapes, name, threads, replace(options, ranges=ranges)))
        encoder, decoder = opened
        gate(bundle.path, (bundle.encoder_path, bundle.decoder_path), opened,
             MaskTrial(bundle.manifest), options.tell)
    except (BundleError, EngineError):
        for graph in opened:
            graph.close()
        raise
    return encoder, decoder


def open_graph(
    path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape], engine: str,
    threads: int | None, options: EngineOptions,
) -> Engine:
    """Load a graph and check that it fits its manifest.

    Args:
        path: ONNX file.
        inputs: Shapes by name.
        outputs: Shapes by name.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        options: Of back ends that compile graphs.

    Raises:
        BundleError: The graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, or a graph that it cannot load.
        ValueError: Less than one thread.
    """
    graph = create_engine(path, engine, threads, options)
    try:
        check_shapes(f'the inputs of {path}', graph.inputs, inputs)
        check_shapes(f'the outputs of {path}', graph.outputs, outputs)
    except BundleError:
        graph.close()
        raise
    return graph


def check_shapes(
    subject: str, actual: Mapping[str, Shape], expected: Mapping[str, Shape],
) -> None:
    """Check the tensors of a graph against what a manifest promises.

    Args:
        subject: What is checked, in the plural, for the message.
        actual: Shapes by name, of the graph.
        expected: Shapes by name, of the manifest.

    Raises:
        BundleError: Names or shapes differ.
    """
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
