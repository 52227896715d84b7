# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`evaluate` and `bundle` with a panoramic bundle, on sets in their published layouts."""


from miniature import datasets, panoramic
import numpy as np
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.evaluation.datasets.class_tables import (
    CITYSCAPES_13,
    CITYSCAPES_19,
    MFNET_9,
    STANFORD_8,
    STANFORD_13,
    WILDPASS_8,
)
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.evaluation.report.files import read_metrics
from eventsam_ros.inference.panoramic import PanoramicSegmenter
from eventsam_ros.inference.panoramic_bundle import load_panoramic_bundle


def bundle_of(folder, table):
    return panoramic.write(folder, classes=table.names)


def joined(name, wanted):
    """Return the value in a set's table of a class of the bundle, by its name."""
    if wanted == CITYSCAPES_13.names:
        name = {'rider': 'person', 'truck': 'car', 'bus': 'car', 'motorcycle': 'car',
                'bicycle': 'car'}.get(name, name)
    return wanted.index(name) if name in wanted else 255


@pytest.mark.parametrize(('name', 'told', 'wanted', 'options'), [
    ('densepass', CITYSCAPES_19, CITYSCAPES_19, {}),
    ('densepass', CITYSCAPES_19, CITYSCAPES_13, {'classes': '13'}),
    ('wildpass', CITYSCAPES_19, WILDPASS_8, {}),
    ('stanford2d3d', STANFORD_13, STANFORD_13, {}),
    ('stanford2d3d', STANFORD_8, STANFORD_8, {'classes': '8', 'crop': 'true'})])
def test_panoramas_are_scored_by_one_matrix_over_the_set(tmp_path, name, told, wanted, options):
    root, output = tmp_path / 'data', tmp_path / 'out'
    writer = {'stanford2d3d': 'stanford'}.get(name, name)
    getattr(datasets, f'write_{writer}')(root)
    bundle = bundle_of(tmp_path / 'bundle', told)
    given = [text for k, v in options.items() for text in ('--option', f'{k}={v}')]
    assert main(['evaluate', str(root), '--format', name, *given, '--bundle', str(bundle),
                 '--output', str(output), '--no-pictures']) == 0
    segmenter = PanoramicSegmenter(load_panoramic_bundle(bundle), 'onnxruntime', 1)
    values = np.array([joined(each, wanted.names) for each in told.names])
    right = total = agreeing = seams = band_right = band_total = 0
    step = 360 * ((1728 - 320) / 2048 if 'crop' in options else 1)
    for sequence in open_dataset(root, name, **options).sequences:
        for sample in sequence.samples():
            found = values[segmenter.segment(sample.image)]
            counted = sample.labels != 255
            right += np.count_nonzero((found == sample.labels) & counted)
            total += np.count_nonzero(counted)
            for row, line in enumerate(sample.labels):
                if line[0] == line[-1] != 255:
                    seams += 1
                    agreeing += found[row, 0] == found[row, -1]
                latitude = (len(found) / 2 - row - 0.5) * step / found.shape[1]
                if 0 <= latitude < 30:
                    band_right += np.count_nonzero((found[row] == line) & counted[row])
                    band_total += np.count_nonzero(counted[row])
    segmenter.close()
    metrics = {k: v['value'] for k, v in read_metrics(output)['metrics'].items()}
    assert metrics['pixel_accuracy'] == pytest.approx(right / total)
    assert metrics['seam_agreement'] == (pytest.approx(agreeing / seams) if seams else None)
    assert metrics['pixel_accuracy_above_0_30'] == pytest.approx(band_right / band_total)
    assert 'pixel_accuracy_above_0_30' in (output / 'report.html').read_text()


def test_a_set_whose_classes_nobody_joined_is_refused(tmp_path, capsys):
    root = tmp_path / 'data'
    datasets.write_stanford(root)
    bundle = bundle_of(tmp_path / 'bundle', CITYSCAPES_19)
    assert main(['evaluate', str(root), '--format', 'stanford2d3d', '--bundle', str(bundle),
                 '--output', str(tmp_path / 'out')]) == 1
    assert 'beam, board, bookcase' in capsys.readouterr().err
    datasets.write_mfnet(tmp_path / 'mfnet')
    bundle = bundle_of(tmp_path / 'other', MFNET_9)
    assert main(['evaluate', str(tmp_path / 'mfnet'), '--format', 'mfnet', '--bundle',
                 str(bundle), '--output', str(tmp_path / 'out')]) == 0


def test_it_is_verified_and_inspected_as_any_bundle(tmp_path, capsys):
    bundle = bundle_of(tmp_path / 'bundle', CITYSCAPES_19)
    assert main(['bundle', 'verify', str(bundle)]) == 0
    assert 'is whole' in capsys.readouterr().out
    assert main(['bundle', 'inspect', str(bundle)]) == 0
    assert 'task: panoramic' in capsys.readouterr().out
    (bundle / 'network.onnx').write_bytes(b'')
    assert main(['bundle', 'verify', str(bundle)]) == 1
    assert '0 bytes' in capsys.readouterr().err
