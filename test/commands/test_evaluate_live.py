# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""`evaluate --live`: the recording over DDS into the real node, against the offline run."""

import csv

import pytest

pytest.importorskip('rclpy', reason='no ROS 2 here')

from eventsam_ros.__main__ import main
from eventsam_ros.evaluation.recordings import PacketRecord, RecordingWriter, open_recording
from eventsam_ros.evaluation.report.files import read_metrics
from eventsam_ros.simulation.recording import MASK_TOPIC, RecordingConfig, record


@pytest.fixture(scope='module')
def runs(tmp_path_factory, tiny_bundle):
    """Return the folders of an offline and a live run of one recording.

    By a network that is fast enough for every window: which windows a slow one skips decides
    which objects the next ones are searched for, so that two runs of it may differ for long.
    """
    root = tmp_path_factory.mktemp('runs')
    recording = record(
        RecordingConfig(seed=5, duration_s=3.0, width=320, height=240), root / 'simulated')
    for name, more in (('offline', ['--no-prompts']), ('live', ['--live'])):
        assert main(['evaluate', str(recording), '--output', str(root / name),
                     '--bundle', str(tiny_bundle), *more]) == 0
    return root / 'offline', root / 'live'


def _rows(folder):
    with (folder / 'frames.csv').open(newline='') as file:
        return {row['frame']: row for row in csv.DictReader(file)}


def test_both_agree_on_the_windows_that_both_saw(runs):
    offline, live = (_rows(folder) for folder in runs)
    shared = sorted(offline.keys() & live.keys())
    assert len(shared) == len(live) >= 10
    for name in ('published_miou', 'corrected_miou'):
        means = [sum(float(rows[k][name]) for k in shared) / len(shared)
                 for rows in (offline, live)]
        assert means[0] > 0.05
        # Not equal: live windows end where the estimated clock says, and a few may be skipped.
        assert means[1] == pytest.approx(means[0], abs=0.02)


def test_every_frame_is_accounted_for(runs):
    metrics = read_metrics(runs[1])
    live, drops = metrics['live'], metrics['drops']
    sequence = next(iter(metrics['sequences'].values()))
    total = read_metrics(runs[0])['frames']
    assert sequence['frames'] + sequence['unpredicted'] == total
    assert live['masks_matched'] == metrics['frames']
    assert live['packets_published'] == live['packets_received'] + drops['packets_lost']
    assert live['windows_formed'] == live['masks_published'] + sum(
        drops[f'windows_{name}'] for name in ('superseded', 'failed', 'stopped'))
    assert metrics['latency_ms']['p50'] > 0
    assert 'onnxruntime' in metrics['model']['backend']


def test_the_report_shows_rate_and_drops_over_time(runs):
    text = (runs[1] / 'report.html').read_text()
    assert 'Event rate and drops over time' in text
    assert 'ms from the end of a window to its mask' in text
    assert not list(runs[1].glob('.live.*'))


@pytest.fixture(scope='module')
def renamed(tmp_path_factory):
    """Return a recording with a topic of truth of another name, and frames at other times."""
    root = tmp_path_factory.mktemp('renamed')
    plain = record(RecordingConfig(seed=5, duration_s=2.0, width=160, height=120), root / 'plain')
    with open_recording(plain) as recording, RecordingWriter(root / 'renamed') as writer:
        for m in recording.messages():
            if isinstance(m.message, PacketRecord):
                writer.write_packet(m.topic, m.log_time_ns, m.message)
                continue
            truth = m.topic == MASK_TOPIC
            shift = 0 if truth else -20_000_000
            writer.write_image(
                '/labels/objects' if truth else m.topic, m.log_time_ns + shift,
                m.message.stamp_ns + shift, 'c', m.message.encoding, m.message.array)
    return root / 'renamed'


def test_topics_and_windows_are_those_of_the_options(renamed, tiny_bundle, tmp_path):
    for name, more in (('offline', ['--no-prompts']), ('live', ['--live'])):
        assert main(['evaluate', str(renamed), '--output', str(tmp_path / name), '--no-pictures',
                     '--bundle', str(tiny_bundle), '--option', 'window_ms=5', *more]) == 0
    offline, live = (_rows(tmp_path / name) for name in ('offline', 'live'))
    assert len(live) > len(offline) / 2
    means = [sum(float(rows[k]['corrected_miou']) for k in live) / len(live)
             for rows in (offline, live)]
    # With windows of the bundle's 50 ms it is 0.024 more.
    assert means[1] == pytest.approx(means[0], abs=0.01)


@pytest.mark.parametrize(('option', 'says'), [
    ('kind=video', 'labels of kind video, which a bundle of task events does not predict'),
    ('window_ms=0', 'a live run needs a window_ms of at least 1, but got 0'),
    ('events=/none', 'has no topic /none'),
])
def test_what_cannot_be_live_is_told_before_anything_is_played(
    renamed, tiny_bundle, tmp_path, capsys, option, says,
):
    assert main(['evaluate', str(renamed), '--output', str(tmp_path), '--live',
                 '--bundle', str(tiny_bundle), '--option', option]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert 'Traceback' not in error
    assert 'playing' not in error


def test_several_recordings_cannot_be_played(renamed, tiny_bundle, tmp_path, capsys):
    assert main(['evaluate', str(renamed.parent), '--output', str(tmp_path), '--live',
                 '--bundle', str(tiny_bundle)]) == 1
    assert 'only one recording can be played live' in capsys.readouterr().err


def test_only_recordings_can_be_played(tmp_path, capsys):
    folder = tmp_path / 'DAVIS'
    (folder / 'JPEGImages' / '480p' / 'cow').mkdir(parents=True)
    assert main(['evaluate', str(folder), '--live', '--format', 'mfnet',
                 '--output', str(tmp_path / 'o')]) == 1
    assert 'Traceback' not in capsys.readouterr().err
