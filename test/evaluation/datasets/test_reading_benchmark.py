# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The recording that the benchmark of reading writes is a proper one, and is read in full."""

from __future__ import annotations

import numpy as np
import pytest

h5py = pytest.importorskip('h5py', reason='h5py is not installed')

from benchmarks.reading import read_windows, write_events  # noqa: E402


@pytest.mark.parametrize('rectify', [False, True])
def test_the_recording_is_one_of_dsec_and_all_of_it_is_read(layouts, tmp_path, rectify):
    path = tmp_path / 'events.h5'
    assert write_events(path, 0.4, 20_000, 512) == 8000
    with h5py.File(path) as file:
        t = file['events/t'][()]
        expected = layouts.naive_ms_to_idx(t)
        np.testing.assert_array_equal(file['ms_to_idx'][:len(expected)], expected)
        assert len(file['ms_to_idx']) == 400
        assert (np.diff(t.astype(int)) >= 0).all()
    figures = read_windows(path, 0.4, rectify)
    assert figures['windows'] == 8
    assert figures['events'] == 8000
