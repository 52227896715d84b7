# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""What of an earlier evaluation is deleted before the next one."""

from __future__ import annotations

import pytest

from eventsam_ros.commands.results_folder import forget_results, open_results


@pytest.mark.parametrize('resume', [False, True])
def test_a_rerun_leaves_nothing_of_the_run_before_but_what_it_resumes(tmp_path, resume):
    folder = open_results(tmp_path / 'run')
    for name in ('sequences', 'pictures', 'overlays'):
        (folder / name).mkdir()
    for name in ('metrics.json', 'frames.csv', 'report.html', 'overlay.mp4', 'notes.txt'):
        (folder / name).touch()
    assert open_results(folder) == folder   # nothing is deleted by that
    assert (folder / 'overlay.mp4').exists()
    forget_results(folder, resume)
    left = {path.name for path in folder.iterdir()} - {'.evaluation'}
    drawn = {'sequences', 'pictures', 'overlays', 'overlay.mp4'} if resume else set()
    assert left == {'notes.txt'} | drawn
