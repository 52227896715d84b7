# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`evaluate` and `bundle` with a bundle of colour and heat, on sets in their published layouts."""


from miniature import datasets, rgbt
import numpy as np
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.evaluation.datasets.class_tables import FMB_14, FMB_15, MFNET_9, PST900_5
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.report.files import read_metrics
from eventsam_ros.inference.rgbt import RgbtSegmenter
from eventsam_ros.inference.rgbt_bundle import load_rgbt_bundle


def bundle_of(folder, table):
    def named(manifest):
        manifest.update(classes=list(table.names), colours=[list(c) for c in table.colours])
    return rgbt.write(folder, named, len(table))


@pytest.mark.parametrize(('name', 'table', 'options'), [
    ('mfnet', MFNET_9, {}), ('pst900', PST900_5, {}), ('fmb', FMB_15, {}),
    ('fmb', FMB_14, {'classes': '14'})])
def test_class_maps_are_scored_by_one_matrix_over_the_set(tmp_path, name, table, options):
    root, output = tmp_path / 'data', tmp_path / 'out'
    getattr(datasets, f'write_{name}')(root)
    bundle = bundle_of(tmp_path / 'bundle', table)
    given = [text for k, v in options.items() for text in ('--option', f'{k}={v}')]
    assert main(['evaluate', str(root), '--format', name, *given, '--bundle', str(bundle),
                 '--output', str(output), '--no-pictures']) == 0
    segmenter = RgbtSegmenter(load_rgbt_bundle(bundle), 'onnxruntime', 1)
    right = total = 0
    for sequence in open_dataset(root, name, **options).sequences:
        for sample in sequence.samples():
            found = segmenter.segment(sample.image, sample.thermal)
            counted = sample.labels != 255
            right += np.count_nonzero((found == sample.labels) & counted)
            total += np.count_nonzero(counted)
    metrics = read_metrics(output)
    assert metrics['metrics']['pixel_accuracy']['value'] == pytest.approx(right / total)


def test_a_bundle_of_other_classes_is_refused(tmp_path, capsys):
    root = tmp_path / 'data'
    datasets.write_mfnet(root)
    bundle = bundle_of(tmp_path / 'bundle', PST900_5)
    assert main(['evaluate', str(root), '--format', 'mfnet', '--bundle', str(bundle), '--output',
                 str(tmp_path / 'out')]) == 1
    assert 'has the classes unlabeled, car' in capsys.readouterr().err


def test_it_is_verified_as_any_bundle(tmp_path, capsys):
    bundle = bundle_of(tmp_path / 'bundle', MFNET_9)
    assert main(['bundle', 'verify', str(bundle)]) == 0
    assert 'is whole' in capsys.readouterr().out
