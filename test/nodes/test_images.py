# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Pictures survive the way into a message and back, padded and in either byte order."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from eventsam_ros.nodes import images

SHAPES = {'mono8': (np.uint8, ()), 'mono16': (np.uint16, ()), 'bgr8': (np.uint8, (3,)),
          'rgb8': (np.uint8, (3,)), 'bgra8': (np.uint8, (4,)), 'rgba8': (np.uint8, (4,)),
          '8UC1': (np.uint8, ()), '8UC3': (np.uint8, (3,)), '16UC1': (np.uint16, ())}


def picture(encoding, seed=0):
    dtype, tail = SHAPES[encoding]
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top, (5, 7, *tail), dtype, endpoint=True)


@pytest.mark.parametrize('encoding', SHAPES)
def test_a_picture_comes_back_as_it_was(encoding):
    message = images.to_message(picture(encoding), encoding, Header(frame_id='f'))
    back = images.to_array(message)
    assert back.dtype == picture(encoding).dtype
    np.testing.assert_array_equal(back, picture(encoding))
    assert message.header.frame_id == 'f'


def test_padding_at_the_end_of_rows_is_left_out():
    rows = np.zeros((5, 10), np.uint8)
    rows[:, :7] = picture('mono8')
    message = Image(height=5, width=7, encoding='mono8', step=10)
    message.data = array.array('B', rows.tobytes())
    np.testing.assert_array_equal(images.to_array(message), picture('mono8'))


def test_big_endian_pixels_are_turned():
    message = images.to_message(picture('mono16').byteswap(), 'mono16', Header())
    message.is_bigendian = 1
    np.testing.assert_array_equal(images.to_array(message), picture('mono16'))


def test_colours_are_put_in_order_pixel_by_pixel():
    rgb = picture('rgb8')
    message = images.to_message(rgb, 'rgb8', Header())
    expected = np.array([[[p[2], p[1], p[0]] for p in row] for row in rgb], np.uint8)
    np.testing.assert_array_equal(images.to_bgr(message), expected)
    rgba = picture('rgba8')
    message = images.to_message(rgba, 'rgba8', Header())
    expected = np.array([[[p[2], p[1], p[0]] for p in row] for row in rgba], np.uint8)
    np.testing.assert_array_equal(images.to_bgr(message), expected)


def test_grey_pictures_become_grey_colours():
    grey = picture('mono8')
    colours = images.to_bgr(images.to_message(grey, 'mono8', Header()))
    np.testing.assert_array_equal(colours, np.stack([grey] * 3, -1))


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('order', ['rggb', 'bggr', 'gbrg', 'grbg'])
def test_a_mosaic_becomes_its_colours(order, bits):
    colour = {'b': 40, 'g': 120, 'r': 255}
    dtype = np.uint8 if bits == 8 else np.uint16
    tile = np.array([colour[c] for c in order], dtype).reshape(2, 2) * dtype(1 + 256 * (bits > 8))
    mosaic = np.tile(tile, (8, 8))
    encoding = f'bayer_{order}{bits}'
    message = images.to_message(mosaic, encoding, Header())
    np.testing.assert_allclose(
        images.to_bgr(message)[4:-4, 4:-4], np.full((8, 8, 3), [40, 120, 255]), atol=1)
    with pytest.raises(ValueError, match='one channel of 8 or 16 bits, but is bayer'):
        images.picture_grey(message)


@pytest.mark.parametrize('encoding', ['uyvy', 'yuv422', 'yuyv', 'yuv422_yuy2'])
def test_pairs_of_pixels_become_colours(encoding):
    luma, u, v = 120, 90, 200
    pair = [u, luma, v, luma] if encoding in ('uyvy', 'yuv422') else [luma, u, luma, v]
    rows = np.tile(np.array(pair, np.uint8), (4, 3)).reshape(4, 6, 2)
    found = images.to_bgr(images.to_message(rows, encoding, Header()))
    y = 1.164 * (luma - 16)
    expected = [y + 2.018 * (u - 128), y - 0.391 * (u - 128) - 0.813 * (v - 128),
                y + 1.596 * (v - 128)]
    np.testing.assert_allclose(found, np.full((4, 6, 3), expected), atol=2)


def test_a_size_that_an_encoding_does_not_allow_is_told():
    odd = images.to_message(np.zeros((4, 5, 2), np.uint8), 'uyvy', Header())
    with pytest.raises(ValueError, match='a uyvy image cannot be 5x4 pixels'):
        images.to_bgr(odd)


@pytest.mark.parametrize(('change', 'text'), [
    ({'encoding': 'yuv9'}, 'must be one of mono8'),
    ({'step': 6}, 'needs rows of 7 bytes'),
    ({'height': 6}, 'but got 35 bytes'),
    ({'height': 0}, 'must have pixels, but got 7x0'),
    ({'width': 0}, 'must have pixels, but got 0x5'),
])
def test_a_message_that_does_not_add_up_is_refused_with_a_sentence(change, text):
    message = images.to_message(picture('mono8'), 'mono8', Header())
    for name, value in change.items():
        setattr(message, name, value)
    with pytest.raises(ValueError, match=text):
        images.to_array(message)


def test_an_array_that_is_not_of_the_encoding_is_refused():
    with pytest.raises(ValueError, match='a bgr8 picture must be uint8 with 3 channels'):
        images.to_message(picture('mono8'), 'bgr8', Header())


@pytest.mark.parametrize('encoding', ['mono8', 'bgr8', 'rgb8', 'bgra8', 'rgba8'])
def test_cv_bridge_sees_the_same_colours(encoding):
    bridge = images._working_bridge()
    if bridge is None:
        pytest.skip('no working cv_bridge is installed')
    message = images.to_message(picture(encoding), encoding, Header())
    np.testing.assert_array_equal(
        images.to_bgr(message), bridge.imgmsg_to_cv2(message, 'bgr8'))


@pytest.mark.parametrize('ending', ['.png', '.jpg'])
def test_a_compressed_picture_comes_back(ending):
    plain = np.full((5, 7, 3), (10, 20, 200), np.uint8)
    data = array.array('B', cv2.imencode(ending, plain)[1].tobytes())
    found = images.picture_bgr(CompressedImage(format=ending, data=data))
    np.testing.assert_allclose(found, plain, atol=6 if ending == '.jpg' else 0)


@pytest.mark.parametrize('data', [b'', b'no picture', b'\x89PNG\r\n\x1a\n' + bytes(40)])
def test_bytes_that_are_no_picture_are_refused_with_a_sentence(data):
    with pytest.raises(ValueError, match=f"format 'png' and {len(data)} bytes cannot be read"):
        images.picture_bgr(CompressedImage(format='png', data=array.array('B', data)))


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_compressed_heat_keeps_its_depth(dtype):
    heat = (np.arange(35).reshape(5, 7) * 3).astype(dtype)
    data = array.array('B', cv2.imencode('.png', heat)[1].tobytes())
    found = images.picture_grey(CompressedImage(format='png', data=data))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, heat)


def test_colours_are_no_heat():
    colours = np.zeros((5, 7, 3), np.uint8)
    data = array.array('B', cv2.imencode('.png', colours)[1].tobytes())
    for message in (CompressedImage(format='png', data=data),
                    images.to_message(colours, 'bgr8', Header())):
        with pytest.raises(ValueError, match='a thermal image must have one channel'):
            images.picture_grey(message)


def test_16_bit_pictures_are_scaled_to_their_range():
    grey = np.array([[0, 500], [750, 1000]], np.uint16)
    colours = images.to_bgr(images.to_message(grey, 'mono16', Header()))
    np.testing.assert_array_equal(colours[..., 0], [[0, 127], [191, 255]])
    np.testing.assert_array_equal(colours[..., 0], colours[..., 2])
