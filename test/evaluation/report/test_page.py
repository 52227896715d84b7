# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The report in a real browser, and what stands in it."""

from html.parser import HTMLParser
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from eventsam_ros.evaluation.report.page import Timeline, render, timeline_of
from eventsam_ros.evaluation.runs.scoring import METRICS, FrameScore
from eventsam_ros.evaluation.runs.summary import SequenceResult, summarise

BROWSER = next((path for name in ('chromium', 'chromium-browser', 'google-chrome')
                if (path := shutil.which(name))), None)


def _results():
    rng = np.random.default_rng(0)
    frames = [
        FrameScore(f'{k:04d}', k * 50_000_000, int(rng.integers(1e4, 1e5)), 3, 2,
                   {name: float(rng.random()) for name in METRICS['instances']},
                   {'encode': float(rng.uniform(5, 9)), 'decode': float(rng.uniform(20, 60))})
        for k in range(40)]
    return [SequenceResult('one', frames[:25], 1, 2),
            SequenceResult('<two & a half>', frames[25:])]


@pytest.fixture
def page(tmp_path):
    """Return the path of a report with everything in it."""
    pictures = tmp_path / 'pictures'
    pictures.mkdir()
    for k in range(4):
        cv2.imwrite(str(pictures / f'one.{k}.jpg'), np.full((48, 132, 3), 60 * k, np.uint8))
    listed = ', '.join(
        f'{{"sequence": "one", "frame": "{k}", "score": 0.{k}, "file": "one.{k}.jpg"}}'
        for k in range(4))
    (pictures / 'one.json').write_text(f'[{listed}]')
    results = _results()
    metrics = {
        'mode': 'live', 'dataset': {'path': '/data/<odd>', 'format': 'recording',
                                    'kind': 'instances', 'split': ''},
        'model': {'kind': 'bundle', 'name': 'default', 'backend': 'onnxruntime'},
        **summarise(results, 'instances', None), 'drops': {'windows_superseded': 11},
        'machine': {'system': 'Linux', 'processors': 2}, 'command': 'evaluate <odd>'}
    course = Timeline([0.0, 1.0, 2.0], [1e6, 2e6, 1.5e6], {'windows_superseded': [0, 5, 11]})
    path = tmp_path / 'report.html'
    path.write_text(render(metrics, results, tmp_path, course), 'utf-8')
    return path


class _Tables(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.sources, self.table = {}, [], None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == 'table':
            self.table = given['id']
            self.rows[self.table] = []
        elif tag == 'tr':
            self.rows[self.table].append([])
        elif tag == 'img':
            self.sources.append(given['src'])

    def handle_data(self, data):
        if self.table and self.rows.get(self.table) and data.strip():
            self.rows[self.table][-1].append(data.strip())

    def handle_endtag(self, tag):
        if tag == 'table':
            self.table = None


def test_the_page_holds_every_figure_and_loads_nothing(page):
    text = page.read_text()
    parsed = _Tables()
    parsed.feed(text)
    shown = {row[0]: row[1] for row in parsed.rows['metrics'][1:]}
    wanted = summarise(_results(), 'instances', None)['metrics']
    assert shown == {name: f'{m["value"]:.3f}' for name, m in wanted.items()}
    names = [row[0] for row in parsed.rows['sequences'][1:]]
    assert names == ['one', '<two & a half>']
    assert parsed.rows['sequences'][1][-1] == '3'   # 1 without truth, 2 without prediction
    assert parsed.rows['drops'][1] == ['windows_superseded', '11']
    assert len(parsed.sources) == 4
    assert all(source.startswith('data:image/jpeg;base64,') for source in parsed.sources)
    assert text.count('<svg') == 3
    loads = re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"|url\((?!#)([^)]*)\)|@import', text)
    assert loads == []
    assert '<odd>' not in text


@pytest.mark.skipif(BROWSER is None, reason='no Chromium here (apt install chromium)')
def test_a_browser_shows_it_without_errors(page, tmp_path):
    picture = tmp_path / 'page.png'
    done = subprocess.run(
        [BROWSER, '--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars',
         '--enable-logging=stderr', '--window-size=1100,2600', f'--screenshot={picture}',
         f'--user-data-dir={tmp_path / "profile"}', page.as_uri()],
        check=True, capture_output=True, text=True, timeout=120)
    console = [line for line in done.stderr.splitlines() if 'CONSOLE' in line]
    assert console == []
    shown = cv2.imread(str(picture))
    assert shown.shape[:2] == (2600, 1100)
    # The accents of the charts and the grey levels of the pictures are really painted.
    blue, orange = (np.abs(shown.astype(int) - colour).sum(2) < 30 for colour in (
        (0xb5, 0x6f, 0x2f), (0x2b, 0x66, 0xd1)))
    assert blue.sum() > 2000
    assert orange.sum() > 300


def test_the_same_run_gives_the_same_page(tmp_path):
    results = _results()
    metrics = {
        'mode': 'offline', 'dataset': {'path': 'p', 'format': 'f', 'kind': 'instances',
                                       'split': ''},
        'model': {'kind': 'bundle', 'name': 'b'}, **summarise(results, 'instances', None),
        'drops': {}, 'machine': {}, 'command': ''}
    assert render(metrics, results, tmp_path) == render(metrics, results, tmp_path)


def test_the_event_rate_comes_from_the_frames():
    course = timeline_of(_results())
    assert len(course.seconds) == 24 + 14
    assert course.events_per_s[0] == _results()[0].frames[1].events / 0.05
    assert timeline_of([SequenceResult('none', [])]) is None
