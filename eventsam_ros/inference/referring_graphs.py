# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The three graphs of a bundle of task `referring`."""

from __future__ import annotations

from dataclasses import replace

from eventsam_ros.errors import BundleError, EngineError

from .engines import Engine, EngineOptions
from .engines.selection import first_that_works
from .gate import gate
from .graphs import open_graph
from .referring_bundle import (
    GRAPHS,
    ReferringBundle,
    checked_words,
    decoder_ranges,
    decoder_shapes,
    encoder_shapes,
    text_shapes,
)
from .trials import SentenceTrial


def open_referring(
    bundle: ReferringBundle, engine: str = 'auto', threads: int | None = None,
    compiling: EngineOptions | None = None,
) -> tuple[Engine, Engine, Engine]:
    """Load encoder, text graph and decoder on one back end and check that they fit the manifest.

    Compiled ones are compared with ONNX Runtime, once.

    Args:
        bundle: A checked bundle.
        engine: Back end, one of eventsam_ros.inference.engines.ENGINES.
        threads: Processor threads for one operator; None leaves it to the back end.
        compiling: Settings of back ends that compile graphs; None takes the defaults.

    Raises:
        BundleError: A graph has other inputs or outputs than the manifest says.
        EngineError: Unknown or missing back end, a graph that it cannot load, or masks that are
            not those of the bundle.
        ValueError: Less than one thread.
    """
    m, options = bundle.manifest, compiling or EngineOptions()

    def load(name: str) -> tuple[Engine, Engine, Engine]:
        opened: list[Engine] = []
        try:
            for key, shapes in (('encoder', encoder_shapes(m)), ('text', text_shapes(m)),
                                ('decoder', decoder_shapes(m))):
                ranges = decoder_ranges(m) if key == 'decoder' else {}
                opened.append(open_graph(
                    bundle.file(key), *shapes, name, threads, replace(options, ranges=ranges)))
            gate(bundle.path, tuple(map(bundle.file, GRAPHS)), opened,
                 SentenceTrial(checked_words(bundle).size), options.tell)
        except (BundleError, EngineError):
            for graph in opened:
                graph.close()
            raise
        encoder, text, decoder = opened
        return encoder, text, decoder

    graphs, passed_over = first_that_works(engine, load)
    for each in graphs:
        each.passed_over = passed_over
    return graphs
