# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`evaluate` as users call it, on a simulated recording."""

import csv
import json
import re

import cv2
import numpy as np
import pytest

from eventsam_ros.__main__ import main
from eventsam_ros.commands import evaluate
from eventsam_ros.evaluation.report.files import read_metrics
from eventsam_ros.simulation.recording import RecordingConfig, record


@pytest.fixture(scope='module')
def recording(tmp_path_factory):
    return record(RecordingConfig(seed=3, duration_s=1.0, width=320, height=240),
                  tmp_path_factory.mktemp('recording') / 'simulated')


@pytest.fixture(scope='module')
def finished(recording, tmp_path_factory):
    output = tmp_path_factory.mktemp('evaluation')
    assert main(['evaluate', str(recording), '--output', str(output)]) == 0
    return output


def _rows(output):
    with (output / 'frames.csv').open(newline='') as file:
        return list(csv.DictReader(file))


def test_a_recording_becomes_a_report(finished):
    metrics = read_metrics(finished)
    assert metrics['mode'] == 'offline'
    assert metrics['dataset']['kind'] == 'instances'
    assert metrics['model'] == {'kind': 'bundle', 'name': 'default'}
    assert metrics['frames'] == len(_rows(finished)) >= 15
    assert 0.2 < metrics['metrics']['box_iou']['value'] <= 1
    assert metrics['latency_ms']['p99'] >= metrics['latency_ms']['p50'] > 0
    for name in ('report.html', 'overlay.mp4'):
        assert (finished / name).stat().st_size > 10_000
    assert not list(finished.glob('*.part*'))


def test_the_same_run_again_gives_the_same_scores(recording, finished, tmp_path):
    assert main(['evaluate', str(recording), '--output', str(tmp_path), '--no-pictures']) == 0
    scores = [{k: v for k, v in row.items() if not k.endswith('_ms')} for row in _rows(tmp_path)]
    assert scores == [
        {k: v for k, v in row.items() if not k.endswith('_ms')} for row in _rows(finished)]
    assert not (tmp_path / 'overlay.mp4').exists()


@pytest.mark.parametrize('name', ['pictures', 'sequences', 'overlays', 'metrics.json'])
def test_what_no_evaluation_left_is_never_deleted(recording, tmp_path, capsys, name):
    kept = tmp_path / name
    if '.' not in name:
        kept = tmp_path / name / 'holiday.png'
        kept.parent.mkdir()
    kept.write_text('mine')
    assert main(['evaluate', str(recording), '--output', str(tmp_path)]) == 1
    assert f'holds {name}, which no evaluation has left there' in capsys.readouterr().err
    assert kept.read_text() == 'mine'


def test_a_run_that_cannot_begin_leaves_the_results_of_the_one_before(
    recording, finished, tmp_path, capsys,
):
    before = sorted((p, p.stat().st_mtime_ns) for p in finished.rglob('*') if p.is_file())
    assert before
    for more in (['--option', 'no_such=1'], ['--bundle', str(tmp_path)],
                 ['--predictions', str(tmp_path), '--bundle', str(tmp_path)]):
        assert main(['evaluate', str(recording), '--output', str(finished), *more]) == 1
    assert '--bundle does not go with --predictions' in capsys.readouterr().err
    assert sorted((p, p.stat().st_mtime_ns) for p in finished.rglob('*') if p.is_file()
                  and p.name != '.evaluation') == [b for b in before if b[0].name != '.evaluation']


def test_resume_keeps_what_is_finished(recording, finished, capsys):
    times = [row['encode_ms'] for row in _rows(finished)]
    assert main(['evaluate', str(recording), '--output', str(finished), '--resume']) == 0
    # Measured times differ from run to run; the same ones come from the sequence that was kept.
    assert [row['encode_ms'] for row in _rows(finished)] == times
    assert 'evaluating 0 sequence(s)' in capsys.readouterr().err


def test_runs_are_compared(recording, finished, tmp_path, capsys):
    assert main(['evaluate', str(recording), '--output', str(tmp_path), '--no-prompts',
                 '--no-pictures']) == 0
    capsys.readouterr()
    assert main(['evaluate', '--compare', str(finished), str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert 'corrected_miou' in text
    assert '[+0.000, +0.000]' in text


def test_formats_are_listed(capsys):
    assert main(['evaluate', '--list-formats']) == 0
    text = capsys.readouterr().out
    for name in ('recording', 'dsec', 'mvsec', 'mfnet', 'davis'):
        assert name in text


@pytest.mark.parametrize(('arguments', 'sentence'), [
    ([], 'say what to evaluate'),
    (['missing'], 'missing does not exist'),
    (['.', '--jobs', '0'], '--jobs must be at least 1, but got 0'),
    (['.', '--option', 'split'], "--option must be NAME=VALUE, but got 'split'"),
    (['.', '--live', '--ray', 'auto'], '--ray does not go with --live'),
    (['.', '--format', 'dsek'], "but got 'dsek'"),
    (['--compare', '.'], 'at least two output folders'),
])
def test_bad_calls_are_one_sentence(arguments, sentence, tmp_path, capsys):
    output = ['--output', str(tmp_path / 'o')]
    assert main(['evaluate', *arguments, *output]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert 'Traceback' not in error
    assert len([line for line in error.splitlines() if line.strip()]) == 1


def test_labels_that_a_bundle_does_not_predict_are_one_sentence(tmp_path, capsys):
    for folder in ('rgb', 'ther', 'labels'):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / '00001D.png'), np.zeros((480, 640), np.uint8))
    (tmp_path / 'test.txt').write_text('00001D\n')
    arguments = ['evaluate', str(tmp_path), '--format', 'mfnet', '--option', 'split=test',
                 '--output', str(tmp_path / 'o')]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert 'has labels of kind semantic, which a bundle of task events does not predict' in error
    assert main([*arguments, '--predictions', str(tmp_path)]) == 1
    assert 'no frame with ground truth that could be scored' in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_one_sentence(recording, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    assert main(['evaluate', str(recording), '--output', str(tmp_path / 'file' / 'o')]) == 1
    assert 'cannot be written' in capsys.readouterr().err


def test_ctrl_c_leaves_no_half_written_result(recording, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt
    monkeypatch.setattr('eventsam_ros.evaluation.runs.task.run_sequence', interrupt)
    assert main(['evaluate', str(recording), '--output', str(tmp_path)]) == 130
    assert not (tmp_path / 'metrics.json').exists()
    assert not list(tmp_path.glob('sequences/*'))


@pytest.mark.parametrize('called', [['evaluate'], []], ids=['python -m', 'ros2 run'])
def test_a_folder_of_the_commands_name_stays_in_the_command(monkeypatch, called):
    monkeypatch.setattr('sys.argv', ['x', *called, 'bag', '--output', 'evaluate'])
    assert evaluate._command() == 'python -m eventsam_ros evaluate bag --output evaluate'


def test_a_resumed_run_shows_what_is_left(layouts, tmp_path, capsys):
    layouts.write_davis(tmp_path / 'davis')
    words = ['evaluate', str(tmp_path / 'davis'), '--format', 'davis', '--no-pictures',
             '--predictions', str(tmp_path / 'davis' / 'Annotations' / '480p'), '--option',
             'split=', '--output', str(tmp_path / 'run')]
    assert main(words) == 0
    (tmp_path / 'run' / 'sequences' / 'goat.json').unlink()
    (tmp_path / 'run' / 'sequences' / 'motorbike.json').unlink()
    capsys.readouterr()
    assert main([*words, '--resume']) == 0
    shown = re.findall(r'(\d+) %', capsys.readouterr().err)
    assert shown == ['50', '100']   # after two of three, and after all


def test_metrics_name_the_command(finished):
    content = json.loads((finished / 'metrics.json').read_text())
    assert content['command'].startswith('python -m eventsam_ros evaluate')
