# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The three graphs of a bundle of task `referring`."""

from __future__ import annotations

from .engines import Engine, EngineOptions
from .graphs import Graph, open_graphs
from .referring_bundle import (
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
    """Load encoder, text graph and decoder; arguments and errors as of `open_graphs`."""
    m = bundle.manifest
    encoder, text, decoder = open_graphs(
        bundle.path,
        (Graph(bundle.file('encoder'), *encoder_shapes(m)),
         Graph(bundle.file('text'), *text_shapes(m)),
         Graph(bundle.file('decoder'), *decoder_shapes(m), decoder_ranges(m))),
        SentenceTrial(checked_words(bundle).size), engine, threads, compiling)
    return encoder, text, decoder
