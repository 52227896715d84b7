# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Graphs are opened only where they are what the manifest says."""

import hashlib

import pytest

from eventsam_ros.errors import BundleError, EngineError
from eventsam_ros.inference.bundle import load_bundle
from eventsam_ros.inference.graphs import open_engines


def test_opens_both_graphs(tiny_bundle):
    encoder, decoder = open_engines(load_bundle(tiny_bundle))
    assert set(encoder.inputs) == {'image'}
    assert set(decoder.outputs) == {'low_res_masks', 'scores'}


def test_other_channels_than_the_manifest_says(edited_bundle):
    folder = edited_bundle(lambda manifest: manifest['embedding'].update(channels=256))
    with pytest.raises(BundleError) as raised:
        open_engines(load_bundle(folder))
    assert str(raised.value) == (
        f'the outputs of {folder / "encoder.onnx"} must be embedding [1, 256, 4, 6] as its '
        'manifest says, but they are embedding [1, 3, 4, 6]; export the bundle again')


def test_exchanged_files(edited_bundle):
    def edit(manifest):
        files = manifest['files']
        files['encoder'], files['decoder'] = files['decoder'], files['encoder']
    with pytest.raises(BundleError, match=r'^the inputs of .*decoder\.onnx must be image'):
        open_engines(load_bundle(edited_bundle(edit)))


def test_file_that_is_no_graph(edited_bundle):
    def edit(manifest):
        manifest['files']['decoder'].update(
            bytes=4, sha256=hashlib.sha256(b'ONNX').hexdigest())
    folder = edited_bundle(edit)
    (folder / 'decoder.onnx').write_bytes(b'ONNX')
    with pytest.raises(EngineError, match=r'decoder\.onnx cannot be loaded by ONNX Runtime: '):
        open_engines(load_bundle(folder))


def test_unknown_engine(tiny_bundle):
    with pytest.raises(EngineError, match=r"^engine must be one of auto, .*, but got 'x'$"):
        open_engines(load_bundle(tiny_bundle), engine='x')
