# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Graphs of class maps and of sentences pass as they are, and are refused when they are not."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

from miniature import panoramic, referring, rgbt
import numpy as np
import onnx
from onnx import numpy_helper
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference import class_maps, gate, referring_graphs
from eventsam_ros.inference import graphs as together
from eventsam_ros.inference.engines import EngineOptions, create_engine
from eventsam_ros.inference.engines.engine_key import EngineKey
from eventsam_ros.inference.engines.onnxruntime_engine import OnnxRuntimeEngine
from eventsam_ros.inference.opening import load_any
from eventsam_ros.inference.referring_bundle import GRAPHS, checked_words
from eventsam_ros.inference.trials import ClassTrial, SentenceTrial
from eventsam_ros.inference.words import WordList


@pytest.fixture(scope='module', params=['rgbt', 'panoramic'])
def classes(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp('classes') / request.param
    {'rgbt': rgbt, 'panoramic': panoramic}[request.param].write(folder)
    return load_any(folder)


@pytest.fixture(scope='module', params=['both', 'events'])
def sentences(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp('sentences') / request.param
    referring.write(folder, WordList(('red', 'green', 'blue'), referring.LENGTH), request.param)
    return load_any(folder)


def turned(path, target):
    """Write a graph whose first output has the other sign."""
    model = onnx.load(str(path))
    output = model.graph.output[0].name
    for node in model.graph.node:
        for k, name in enumerate(node.output):
            if name == output:
                node.output[k] = 'before'
    model.graph.node.append(onnx.helper.make_node('Neg', ['before'], [output]))
    onnx.save(model, str(target))
    return target


def broken(path, target):
    """Write a graph whose first output is no number."""
    model = onnx.load(str(turned(path, target)))
    model.graph.initializer.append(
        numpy_helper.from_array(np.array(np.nan, np.float32), 'nan'))
    node = model.graph.node[-1]
    node.op_type, node.input[:] = 'Add', ['before', 'nan']
    onnx.save(model, str(target))
    return target


def graphs(bundle):
    return [bundle.file(name) for name in GRAPHS]


def opened(paths, name='onnxruntime'):
    return [create_engine(path, name, 1) for path in paths]


def test_class_maps_pass_as_they_are(classes):
    reference = opened([classes.network_path])
    figures = ClassTrial().measure(opened([classes.network_path]), reference)
    assert figures == {'logits_max': 0.0, 'agreement': 1.0}
    assert figures.keys() == set(ClassTrial.names)
    assert ClassTrial().fault(figures) is None
    pytest.importorskip('openvino', reason='openvino is not installed')
    assert ClassTrial().fault(ClassTrial().measure(
        opened([classes.network_path], 'openvino'), reference)) is None


def test_class_maps_of_another_graph_are_refused(classes, tmp_path):
    reference = opened([classes.network_path])
    figures = ClassTrial().measure(
        opened([turned(classes.network_path, tmp_path / 'turned.onnx')]), reference)
    assert figures['agreement'] < 0.7
    assert ClassTrial().fault(figures) == (
        f'{figures["agreement"]:.4f} of its classes are those of ONNX Runtime, and 0.98 is '
        'required')
    figures = ClassTrial().measure(
        opened([broken(classes.network_path, tmp_path / 'broken.onnx')]), reference)
    assert math.isnan(figures['logits_max'])
    assert ClassTrial().fault(figures) == 'its logits are not finite'


def test_sentences_pass_as_they_are(sentences):
    trial = SentenceTrial(checked_words(sentences).size)
    figures = trial.measure(opened(graphs(sentences)), opened(graphs(sentences)))
    assert figures.keys() == set(trial.names)
    assert (figures['embedding_max'], figures['mask_iou_least']) == (0, 1)
    assert trial.fault(figures) is None


@pytest.mark.parametrize('damaged', GRAPHS)
def test_sentences_of_another_graph_are_refused(sentences, tmp_path, damaged):
    paths = graphs(sentences)
    place = GRAPHS.index(damaged)
    paths[place] = turned(paths[place], tmp_path / 'turned.onnx')
    trial = SentenceTrial(checked_words(sentences).size)
    figures = trial.measure(opened(paths), opened(graphs(sentences)))
    assert 'masks agree' in trial.fault(figures)


class Compiled(OnnxRuntimeEngine):
    """ONNX Runtime with what engines have that are compiled."""

    def attach(self, folder):
        self.cache = SimpleNamespace(folder=folder)
        self.key = EngineKey(self.path.name, 'tensorrt 10.1', 'Orin', 'SM87', 'fp16', '{}')
        return self

    def __init__(self, path, threads=None, provider='onnxruntime'):
        super().__init__(path, threads, provider)
        self.path = Path(path)


@pytest.mark.parametrize('wrong', [False, True])
@pytest.mark.parametrize('engine', ['tensorrt', 'auto'])
def test_what_is_opened_goes_through_the_gate(
        classes, sentences, tmp_path, monkeypatch, wrong, engine):
    """Graphs that were compiled are asked once; `auto` goes on where they answer otherwise."""
    asked = []

    def compile_(path, name, threads, _options):
        if name != 'tensorrt':
            return OnnxRuntimeEngine(path, threads)
        last = path.name in {'network.onnx', 'decoder.onnx'}
        return Compiled(turned(path, tmp_path / path.name) if wrong and last else path).attach(
            tmp_path)

    monkeypatch.setattr(gate, 'TensorRtEngine', Compiled)
    monkeypatch.setattr(together, 'create_engine', compile_)
    options = EngineOptions(tell=asked.append)
    openers = (
        lambda: (class_maps.open_network(classes, engine, 1, options),),
        lambda: referring_graphs.open_referring(sentences, engine, 1, options))
    for open_ in openers:
        for again in (False, True):
            asked.clear()
            if wrong and engine == 'tensorrt':
                with pytest.raises(EngineError, match=r'is refused for .*; build with precision'):
                    open_()
            else:
                for found in open_():
                    assert isinstance(found, Compiled) != wrong
                    assert any('is refused' in why for why in found.passed_over) == wrong
            assert len(asked) == (not again)
