# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""metrics.json, frames.csv, and runs side by side."""

import json
import math

import jsonschema
import numpy as np
import pytest

from eventsam_ros.errors import DatasetError
from eventsam_ros.evaluation.report.compare import compare, table
from eventsam_ros.evaluation.report.files import (
    read_frames,
    read_metrics,
    schema,
    write_frames,
    write_metrics,
)
from eventsam_ros.evaluation.runs.scoring import FrameScore
from eventsam_ros.evaluation.runs.summary import SequenceResult, summarise


def _results(shift, sequences=4, seed=0):
    rng = np.random.default_rng(seed)
    return [SequenceResult(f's{k}', [
        FrameScore(f'{n:03d}', n, 10, 1, 1, {
            'corrected_miou': float(rng.uniform(0.2, 0.6)) + shift, 'click_iou': math.nan},
            {'encode': 5.0}) for n in range(20)]) for k in range(sequences)]


def _write(folder, results):
    folder.mkdir()
    write_metrics(folder / 'metrics.json', {
        'version': 1, 'mode': 'offline',
        'dataset': {'path': 'p', 'format': 'f', 'kind': 'instances', 'split': ''},
        'model': {'kind': 'bundle', 'name': 'b'}, **summarise(results, 'instances', None),
        'drops': {}, 'machine': {}, 'command': 'c'})
    write_frames(folder / 'frames.csv', results)
    return folder


def test_the_schema_is_one_and_every_field_of_it_is_described():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert set(schema()['required']) <= set(schema()['properties'])


def test_what_is_written_is_read_again(tmp_path):
    results = _results(0.0)
    folder = _write(tmp_path / 'run', results)
    assert read_metrics(folder)['frames'] == 80
    rows = read_frames(folder)
    assert len(rows) == 80
    assert rows[0]['sequence'] == 's0'
    assert float(rows[3]['corrected_miou']) == pytest.approx(
        results[0].frames[3].scores['corrected_miou'], abs=1e-6)
    assert rows[0]['click_iou'] == ''
    assert float(rows[0]['encode_ms']) == 5


def test_what_the_schema_does_not_promise_is_not_written(tmp_path):
    with pytest.raises(jsonschema.ValidationError):
        write_metrics(tmp_path / 'metrics.json', {'version': 1})
    assert not (tmp_path / 'metrics.json').exists()


def test_a_constant_gain_is_seen_exactly(tmp_path):
    runs = [_write(tmp_path / name, _results(shift))
            for name, shift in (('a', 0.0), ('b', 0.1), ('c', -0.05))]
    rows = {row.metric: row for row in compare(runs)}
    row = rows['corrected_miou']
    assert row.unit == 'sequences'
    assert [d.mean for d in row.differences] == pytest.approx([0.1, -0.05], abs=1e-6)
    assert row.differences[0].low == pytest.approx(0.1, abs=1e-6)
    assert row.values[1] - row.values[0] == pytest.approx(0.1)
    assert math.isnan(rows['click_iou'].values[0])
    text = table(list(rows.values()), ['a', 'b', 'c'])
    assert '+0.100 [+0.100, +0.100]' in text


def test_runs_that_do_not_differ_have_zero_in_their_interval(tmp_path):
    runs = [_write(tmp_path / 'a', _results(0.0, 1, seed=1)),
            _write(tmp_path / 'b', _results(0.0, 1, seed=2))]
    row = {r.metric: r for r in compare(runs)}['corrected_miou']
    assert row.unit == 'frames'
    assert row.differences[0].low < 0 < row.differences[0].high


def test_what_cannot_be_compared_is_one_sentence(tmp_path):
    folder = _write(tmp_path / 'a', _results(0.0))
    with pytest.raises(DatasetError, match='at least two output folders'):
        compare([folder])
    with pytest.raises(DatasetError, match=r'is .* the output of a finished evaluation'):
        compare([folder, tmp_path / 'none'])
    other = _write(tmp_path / 'b', [SequenceResult('z', _results(0.0)[0].frames)])
    with pytest.raises(DatasetError, match='share no frame'):
        compare([folder, other])
    (other / 'metrics.json').write_text(json.dumps({'version': 7}))
    with pytest.raises(DatasetError, match=r'no metrics\.json of version 1'):
        compare([folder, other])
