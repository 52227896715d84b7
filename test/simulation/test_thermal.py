# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Simulated streets in colour and heat: what each camera sees, and the folder they make."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from eventsam_ros.evaluation.datasets.class_tables import MFNET_9
from eventsam_ros.evaluation.datasets.registry import open_dataset
from eventsam_ros.simulation.thermal import CONDITIONS, random_street, street_picture
from eventsam_ros.simulation.thermal_cameras import (
    ColourCamera,
    Light,
    Spot,
    ThermalCamera,
    colour_picture,
    thermal_picture,
)
from eventsam_ros.simulation.thermal_folder import StreetFolder, write_streets
from eventsam_ros.simulation.thermal_shapes import OUTLINES, outline_of

PERFECT = ColourCamera(shot=0, read=0, blur=0)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_daylight_is_exposed_for_the_mean_and_coded_with_gamma():
    half = np.full((4, 6, 3), 0.5, np.float32)
    seen = colour_picture(half, Light(1.0), PERFECT, rng())
    assert np.unique(seen).tolist() == [round(255 * 0.3 ** (1 / 2.2))]


def test_beyond_the_most_gain_the_dark_stays_dark():
    half = np.full((4, 6, 3), 0.5, np.float32)
    seen = colour_picture(half, Light(0.002), PERFECT, rng())
    assert np.unique(seen).tolist() == [round(255 * (6 * 0.001) ** (1 / 2.2))]


def test_glare_covers_what_is_behind_it_and_darkens_the_rest():
    board = np.zeros((40, 40, 3), np.float32)
    board[::2] = 0.8
    glare = Light(0.5, (), (Spot(20, 20, 6, 8.0),))
    seen = colour_picture(board, glare, PERFECT, rng()).astype(int)
    plain = colour_picture(board, Light(0.5), PERFECT, rng()).astype(int)
    assert (seen[18:22, 18:22] == 255).all()
    assert abs(seen[0, 0] - seen[1, 0]).max() < abs(plain[0, 0] - plain[1, 0]).min()


def test_a_lamp_lights_its_surroundings_only():
    wall = np.full((20, 60, 3), 0.5, np.float32)
    seen = colour_picture(wall, Light(0.001, (Spot(10, 10, 4, 0.05),)), PERFECT, rng())
    assert seen[10, 10].min() > 2 * seen[10, 50].max()


def test_warm_is_bright_and_noise_has_its_size():
    warm = np.full((80, 90), 10.0, np.float32)
    warm[:, 45:] = 30.0
    seen = thermal_picture(warm, ThermalCamera(blur=0, noise=0.5, columns=0), rng())
    left, right = seen[:, 2:43].astype(float), seen[:, 47:-2].astype(float)
    assert right.mean() > left.mean() + 200
    level = 255 / (20 + 2 * 0.5 * 2.3)   # span between the 1st and 99.5th percentiles, about
    middle = left[(left > 0) & (left < 255)]
    assert 0.3 * level < middle.std() < 0.7 * level


def test_a_scene_of_one_temperature_stays_flat():
    seen = thermal_picture(
        np.full((60, 80), 20.0, np.float32), ThermalCamera(noise=0.1, columns=0), rng())
    assert seen.std() < 255 * 0.1 / 10 * 1.1
    assert abs(float(seen.mean()) - 127.5) < 3


def test_a_shifted_thermal_camera_sees_things_elsewhere():
    warm = np.zeros((20, 20), np.float32)
    warm[10, 10] = 30
    camera = ThermalCamera(blur=0, noise=0, columns=0, shift=(3.0, -2.0))
    assert np.unravel_index(thermal_picture(warm, camera, rng()).argmax(), (20, 20)) == (8, 13)


@pytest.mark.parametrize('name', list(OUTLINES))
def test_every_class_has_an_outline_within_its_square(name):
    inside = outline_of(name, rng(3)) < 0
    assert 0.03 < inside.mean() < 0.8
    border = np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])
    assert not border.any()
    count, _ = cv2.connectedComponents(inside.astype(np.uint8))
    assert count - 1 <= 2


def test_pictures_repeat_and_hold_known_classes_only():
    for number, condition in enumerate(CONDITIONS):
        found, picture = street_picture(5, number, 96, 64)
        assert found == condition
        again = street_picture(5, number, 96, 64)[1]
        for a, b in zip(vars(picture).values(), vars(again).values(), strict=True):
            np.testing.assert_array_equal(a, b)
        assert picture.rgb.shape == (64, 96, 3)
        assert picture.labels.max() < len(MFNET_9)
        assert len(np.unique(picture.labels)) > 1


def contrast(values, labels):
    """How far a class stands out from what surrounds it, in grey levels."""
    mask = (labels == MFNET_9.names.index('person')).astype(np.uint8)
    ring = cv2.dilate(mask, np.ones((9, 9))) - cv2.dilate(mask, np.ones((3, 3)))
    return abs(values[mask > 0].mean() - values[ring > 0].mean())


def test_at_night_people_show_in_heat_and_not_in_colour():
    colour, heat = [], []
    for seed in range(60):
        street = random_street(rng(seed), 160, 120, 'night')
        picture = street.look(0.0, rng(seed))
        if (picture.labels == MFNET_9.names.index('person')).sum() > 80:
            colour.append(contrast(picture.rgb.mean(2), picture.labels))
            heat.append(contrast(picture.thermal.astype(float), picture.labels))
    assert len(heat) > 10
    assert np.median(heat) > 3 * np.median(colour)


def test_objects_move_with_time():
    street = random_street(rng(2), 160, 120, 'day')
    assert (street.fields(0.0)[2] != street.fields(0.5)[2]).any()


def test_an_unknown_condition_is_told():
    with pytest.raises(ValueError, match="day, night, glare, but got 'fog'"):
        random_street(rng(), 64, 48, 'fog')


def test_the_folder_is_read_as_mfnet_and_splits_share_nothing(tmp_path):
    wanted = StreetFolder(train=4, val=3, test=6, width=64, height=48, seed=2)
    done = []
    assert write_streets(tmp_path, wanted, done.append) == 13
    assert done == list(range(1, 14))
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / 'images').iterdir()}
    write_streets(tmp_path, wanted)
    assert before == {p.name: p.stat().st_mtime_ns for p in (tmp_path / 'images').iterdir()}
    seen = {}
    for split, count in (('train', 4), ('val', 3), ('test', 6), ('test_night', 2),
                         ('test_glare', 2)):
        dataset = open_dataset(tmp_path, split=split)
        assert dataset.format == 'mfnet'
        samples = list(dataset.sequences[0].samples())
        assert len(samples) == count
        seen[split] = {s.image.tobytes() for s in samples}
    assert not seen['train'] & seen['test']
    _, picture = street_picture(3 * 2 + 2, 1, 64, 48)
    (first, _) = open_dataset(tmp_path, split='test_night').sequences[0].samples()
    np.testing.assert_array_equal(first.image, picture.rgb)
    np.testing.assert_array_equal(first.thermal, picture.thermal)
    np.testing.assert_array_equal(first.labels, picture.labels)


def test_a_size_out_of_range_is_told():
    with pytest.raises(ValueError, match='width must be 32 to 2048, but got 16'):
        StreetFolder(width=16)
