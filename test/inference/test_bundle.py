# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""A bundle that does not check out is refused with one sentence."""

from pathlib import Path
import re

import pytest

from eventsam_ros.errors import BundleError
from eventsam_ros.inference.bundle import default_bundle_path, load_bundle
from eventsam_ros.inference.opening import load_any


def test_reads_a_whole_bundle(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    manifest = bundle.manifest
    assert (manifest.name, manifest.task, manifest.representation) == ('tiny', 'events', 'robust')
    assert (manifest.width, manifest.height, manifest.stride) == (96, 64, 16)
    assert manifest.mean == (128.0, 127.0, 126.0)
    assert bundle.encoder_path.is_file()
    assert bundle.decoder_path.is_file()


def test_fields_that_older_bundles_lack_have_their_meaning(tiny_bundle, edited_bundle):
    old = load_bundle(tiny_bundle).manifest
    assert (old.padding, old.point_padding, old.parity) == ('blank', 'slots', {})

    def edit(manifest):
        manifest['input']['padding'] = 'zero'
        manifest['decoder']['point_padding'] = 'sam'
        manifest['parity'] = {'fp16': {'mask_iou': 0.999}}
    new = load_bundle(edited_bundle(edit)).manifest
    assert (new.padding, new.point_padding) == ('zero', 'sam')
    assert new.parity == {'fp16': {'mask_iou': 0.999}}


def test_manifest_path_and_text_path_name_the_same_bundle(tiny_bundle):
    assert load_bundle(str(tiny_bundle / 'bundle.yaml')) == load_bundle(tiny_bundle)


def test_default_bundle_lies_inside_the_package():
    assert default_bundle_path().parts[-3:] == ('eventsam_ros', 'bundles', 'default')


def test_default_bundle_checks_out():
    if not (default_bundle_path() / 'bundle.yaml').exists():
        pytest.skip('the default bundle has not been exported yet')
    assert load_bundle().manifest.task == 'events'


def test_missing_folder(tmp_path):
    message = f'there is no bundle at {tmp_path}/none; give the folder that holds bundle.yaml'
    with pytest.raises(BundleError, match=f'^{re.escape(message)}$'):
        load_bundle(tmp_path / 'none')


def test_the_home_of_somebody_who_is_not_known():
    with pytest.raises(BundleError, match='there is no bundle at ~nobody_of_that_name/tiny'):
        load_bundle('~nobody_of_that_name/tiny')


def test_a_folder_that_cannot_be_looked_into():
    with pytest.raises(BundleError, match=r'^bundle x+ cannot be read: .*too long'):
        load_bundle('x' * 300)


def test_folder_without_manifest(tmp_path):
    message = f'{tmp_path} is not a bundle: it holds no bundle.yaml'
    with pytest.raises(BundleError, match=f'^{re.escape(message)}$'):
        load_bundle(tmp_path)


def test_missing_file(edited_bundle):
    folder = edited_bundle()
    (folder / 'decoder.onnx').unlink()
    with pytest.raises(BundleError, match=r'decoder\.onnx is missing; fetch or export'):
        load_bundle(folder)


def test_truncated_file(edited_bundle):
    folder = edited_bundle()
    data = (folder / 'encoder.onnx').read_bytes()
    (folder / 'encoder.onnx').write_bytes(data[:-1])
    expected = f'has {len(data) - 1} bytes where the manifest says {len(data)}; fetch or export'
    with pytest.raises(BundleError, match=expected):
        load_bundle(folder)


def test_one_changed_byte(edited_bundle):
    folder = edited_bundle()
    data = bytearray((folder / 'encoder.onnx').read_bytes())
    data[len(data) // 2] ^= 1
    (folder / 'encoder.onnx').write_bytes(data)
    with pytest.raises(BundleError, match=r'encoder\.onnx does not have the checksum'):
        load_bundle(folder)


def test_future_version_is_named_before_anything_else(edited_bundle):
    def edit(manifest):
        version_only = {'format_version': 2}
        manifest.clear()
        manifest.update(version_only)
    with pytest.raises(BundleError, match='format_version 2 is not known to this release, which '
                                          'reads version 1; update eventsam_ros or fetch'):
        load_bundle(edited_bundle(edit))


@pytest.mark.parametrize(('keys', 'value', 'sentence'), [
    (('format_version',), 'one', ("format_version must be a whole number of at least 1, "
                                 "but got 'one'")),
    (('task',), 'cooking', ('task must be one of events, event_semantic, rgbt_semantic, '
                            "referring, panoramic, but got 'cooking'")),
    (('name',), 7, 'name must be a text, but got 7'),
    (('representation',), 'robust', "representation must be a mapping, but got 'robust'"),
    (('representation', 'name'), 'hats', ("representation.name must be one of robust, eventsam, "
                                         "but got 'hats'")),
    (('representation', 'bins'), 5, 'representation.bins must be 3, but got 5'),
    (('window', 'duration_ms'), 0, 'window.duration_ms must be a number above 0, but got 0'),
    (('input', 'width'), 100, 'input.width must be a multiple of 16, but got 100'),
    (('input', 'height'), -16, 'input.height must be a whole number of at least 1, but got -16'),
    (('input', 'height'), True, 'input.height must be a whole number of at least 1, but got True'),
    (('window', 'duration_ms'), 10 ** 400, (
        f'window.duration_ms must be a number above 0, but got {10 ** 400}')),
    (('input', 'mean'), [1, 2], 'input.mean must be a list of 3 numbers, but got [1, 2]'),
    (('input', 'mean'), 128.0, 'input.mean must be a list of 3 numbers, but got 128.0'),
    (('input', 'std'), [1, 0, 1], ('input.std must be a list of 3 numbers above 0, '
                                  'but got [1, 0, 1]')),
    (('input', 'std'), [1, float('nan'), 1], ('input.std must be a list of 3 numbers above 0, '
                                             'but got [1, nan, 1]')),
    (('input', 'padding'), 'mirror', ("input.padding must be one of blank, zero, "
                                      "but got 'mirror'")),
    (('decoder', 'prompt_output'), 'last', ("decoder.prompt_output must be one of first, best, "
                                            "sam, but got 'last'")),
    (('decoder', 'point_padding'), 4, ('decoder.point_padding must be one of slots, sam, '
                                       'but got 4')),
    (('parity',), 1.0, 'parity must be a mapping, but got 1.0'),
    (('decoder', 'multimask'), 1, 'decoder.multimask must be true or false, but got 1'),
    (('classes',), [1], 'classes must be a list of texts, but got [1]'),
    (('files', 'encoder', 'path'), '../x.onnx', ('files.encoder.path must lie inside the bundle '
                                                "folder, but got '../x.onnx'")),
    (('files', 'encoder', 'path'), '/x.onnx', ('files.encoder.path must lie inside the bundle '
                                              "folder, but got '/x.onnx'")),
    (('files', 'decoder', 'sha256'), 'abc', ('files.decoder.sha256 must be 64 hexadecimal digits, '
                                            "but got 'abc'")),
    (('precision',), 'int1', "precision must be one of fp16, fp32, but got 'int1'"),
    (('training',), [], 'training must be a mapping, but got []'),
])
def test_value_that_does_not_fit(edited_bundle, keys, value, sentence):
    def edit(manifest):
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value
    folder = edited_bundle(edit)
    with pytest.raises(BundleError) as raised:
        load_bundle(folder)
    assert str(raised.value) == f'{folder / "bundle.yaml"}: {sentence}'


@pytest.mark.parametrize('keys', [
    ('name',), ('input', 'std'), ('embedding',), ('files', 'encoder', 'bytes'), ('licence',)])
def test_missing_key_is_named_with_its_place(edited_bundle, keys):
    def edit(manifest):
        for key in keys[:-1]:
            manifest = manifest[key]
        del manifest[keys[-1]]
    folder = edited_bundle(edit)
    with pytest.raises(BundleError) as raised:
        load_bundle(folder)
    assert str(raised.value) == f'{folder / "bundle.yaml"}: {".".join(keys)} is missing'


@pytest.mark.parametrize('text', ['{', 'just words', '', '- 1', '\x00', 'a: !!python/name:os.x',
                                  'name: 2026-02-30', '[' * 5000])
def test_text_that_is_no_manifest_is_one_sentence(edited_bundle, text):
    folder = edited_bundle()
    (folder / 'bundle.yaml').write_text(text)
    for load in (load_bundle, load_any):
        with pytest.raises(BundleError) as raised:
            load(folder)
        assert str(raised.value).startswith(str(folder / 'bundle.yaml'))
        assert '\n' not in str(raised.value)


def test_manifest_that_is_no_text(edited_bundle):
    folder = edited_bundle()
    Path(folder / 'bundle.yaml').write_bytes(b'\xff\xfe\xff')
    with pytest.raises(BundleError, match=r'bundle\.yaml cannot be read'):
        load_bundle(folder)
