# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The graphs of a bundle: opened together, their names and shapes checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from eventsam_ros.errors import BundleError, EngineError

from .bundle import Bundle
from .engines import Engine, EngineOptions, create_engine
from .engines.engine import Shape
from .engines.selection import first_that_works
from .engines.tensorrt_build import Range
from .gate import MaskTrial, Trial, gate
from .ranges import decoder_ranges
from .shapes import decoder_shapes, encoder_shapes


@dataclass(frozen=True)
class Graph:
    """A graph of a bundle, and what its manifest promises of it.

    Attributes:
        path: ONNX file.
        inputs: Shapes by name.
        outputs: Shapes by name.
        ranges: Shapes of every input whose size is open, by name.
    """

    path: Path
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    ranges: Mapping[str, Range] = field(default_factory=dict)


def open_graphs(
    bundle: Path, graphs: Sequence[Graph], trial: Trial, engine: str = 'auto',
    threads: int | None = None, options: EngineOptions | None = None,
) -> tuple[Engine, ...]:
    """Load all graphs of a bundle on one back end and check that they fit its manifest.

    Compiled ones are compared with ONNX Runtime, once.

    Args:
        bundle: Its folder, for messages.
        graphs: All of them.
        trial: What compiled ones are asked.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        options: Of compiled engines, but for their ranges; None takes the defaults.

    Returns:
        An engine for each graph.

    Raises:
        BundleError: A graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, a graph that it cannot load, or answers that are
            not those of the bundle.
        ValueError: Less than one thread.
    """
    chosen = options or EngineOptions()

    def load(name: str) -> tuple[Engine, ...]:
        opened: list[Engine] = []
        try:
            for graph in graphs:
                opened.append(create_engine(
                    graph.path, name, threads, replace(chosen, ranges=graph.ranges)))
                check_shapes(f'the inputs of {graph.path}', opened[-1].inputs, graph.inputs)
                check_shapes(f'the outputs of {graph.path}', opened[-1].outputs, graph.outputs)
            gate(bundle, tuple(graph.path for graph in graphs), opened, trial, chosen.tell)
        except (BundleError, EngineError):
            for each in opened:
                each.close()
            raise
        return tuple(opened)

    engines, passed_over = first_that_works(engine, load)
    for each in engines:
        each.passed_over = passed_over
    return engines


def open_engines(
    bundle: Bundle, engine: str = 'auto', threads: int | None = None,
    options: EngineOptions | None = None,
) -> tuple[Engine, Engine]:
    """Load encoder and decoder of a bundle; arguments and errors as of `open_graphs`."""
    encoder, decoder = open_graphs(
        bundle.path,
        (Graph(bundle.encoder_path, *encoder_shapes(bundle)),
         Graph(bundle.decoder_path, *decoder_shapes(bundle), decoder_ranges(bundle))),
        MaskTrial(bundle.manifest), engine, threads, options)
    return encoder, decoder


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
