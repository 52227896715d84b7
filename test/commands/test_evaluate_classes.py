# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`evaluate` and `bundle` with a bundle of event classes, on miniature sets in real layouts."""


from miniature import datasets, semantic
import numpy as np
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.evaluation.datasets.class_tables import DDD17_6, DSEC_11
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.report.files import read_metrics
from eventsam_ros.inference.semantic import SemanticSegmenter
from eventsam_ros.inference.semantic_bundle import load_semantic_bundle


@pytest.fixture(scope='module')
def bundle_of(tmp_path_factory):
    """A function that writes a bundle of the classes of a table."""
    def write(table):
        def named(manifest):
            manifest.update(classes=list(table.names), colours=[list(c) for c in table.colours])
        return semantic.write(tmp_path_factory.mktemp('bundle') / 'tiny', named,
                          semantic.graph(len(table)))
    return write


@pytest.mark.parametrize(('write', 'table', 'name', 'split'), [
    ('write_ddd17', DDD17_6, 'ddd17', 'split='),
    ('write_dsec_semantic', DSEC_11, 'dsec-semantic', 'split=test')])
def test_class_maps_are_scored_by_one_matrix_over_the_set(
        bundle_of, tmp_path, write, table, name, split):
    root = tmp_path / 'data'
    getattr(datasets, write)(root)
    bundle, output = bundle_of(table), tmp_path / 'out'
    assert main(['evaluate', str(root), '--format', name, '--option', split, '--bundle',
                 str(bundle), '--output', str(output), '--no-pictures']) == 0
    segmenter = SemanticSegmenter(load_semantic_bundle(bundle), 'onnxruntime', 1)
    right = total = 0
    key, _, value = split.partition('=')
    for sequence in open_dataset(root, name, **{key: value}).sequences:
        for sample in sequence.samples():
            found = segmenter.segment(sample.window)
            counted = sample.labels != 255
            right += np.count_nonzero((found == sample.labels) & counted)
            total += np.count_nonzero(counted)
    segmenter.close()
    metrics = read_metrics(output)
    assert metrics['dataset']['kind'] == 'semantic'
    assert metrics['metrics']['pixel_accuracy']['value'] == pytest.approx(right / total)
    assert 0 < metrics['metrics']['miou']['value'] < 1


def test_a_set_of_other_classes_is_refused(bundle_of, tmp_path, capsys):
    root = tmp_path / 'data'
    datasets.write_ddd17(root)
    assert main(['evaluate', str(root), '--format', 'ddd17', '--option', 'split=', '--bundle',
                 str(bundle_of(DSEC_11)), '--output', str(tmp_path / 'out')]) == 1
    said = capsys.readouterr().err
    assert 'has the classes flat, background' in said
    assert 'give another --bundle' in said


def test_the_bundle_is_verified_and_shown(bundle_of, capsys):
    bundle = bundle_of(DDD17_6)
    assert main(['bundle', 'verify', str(bundle)]) == 0
    assert 'check out' in capsys.readouterr().out
    assert main(['bundle', 'inspect', str(bundle)]) == 0
    assert 'task: event_semantic' in capsys.readouterr().out
