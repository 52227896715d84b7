# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The cache gives the right engine or builds it, with TensorRT's real builder."""

from contextlib import contextmanager
from dataclasses import replace
import errno
import fcntl
import os
from pathlib import Path
import subprocess
import sys
import tempfile

import onnx
import pytest

from eventsam_ros.errors import EngineError
from eventsam_ros.inference.engines import engine_cache
from eventsam_ros.inference.engines.engine_cache import EngineCache, default_cache
from eventsam_ros.inference.engines.engine_key import EngineKey, engine_key
from eventsam_ros.inference.engines.tensorrt_build import build_engine
from eventsam_ros.inference.engines.tensorrt_package import tensorrt_version

KEY = EngineKey('f00d', 'tensorrt 10.1', 'Orin', 'SM87', 'fp16', '{}')


def never():
    pytest.fail('it was there and should not have been built')


@pytest.fixture
def encoder(tmp_path, tiny_bundle):
    path = tmp_path / 'encoder.onnx'
    path.write_bytes((tiny_bundle / 'encoder.onnx').read_bytes())
    return path


class Site:
    """A machine that asks one cache for the engine of one graph."""

    def __init__(self, tensorrt, folder, graph):
        self.version, self.folder, self.graph = tensorrt_version(tensorrt), folder, graph

    def ask(self, capability='SM86', precision='fp32', **changes):
        """Return the engine, and what was counted."""
        cache = EngineCache(self.folder)
        key = engine_key(self.graph, self.version, '', capability, precision)
        engine = cache.get(replace(key, **changes), lambda: build_engine(
            self.graph, None, capability, precision))
        return engine, {name for name, count in cache.counters.items() if count}


@pytest.fixture
def site(tensorrt, tmp_path, encoder):
    return Site(tensorrt, tmp_path / 'cache', encoder)


def test_an_engine_is_built_once(site):
    built, counted = site.ask()
    assert counted == {'builds'}
    assert site.ask() == (built, {'hits'})
    # what TensorRT made, as it made it
    assert built[:4] == build_engine(site.graph, None, 'SM86')[:4]


@pytest.mark.parametrize('changes', [
    {'capability': 'SM89'}, {'precision': 'fp16'}, {'package': 'tensorrt_rtx 0.1'},
    {'gpu': 'Orin'}, {'profile': '{"image": []}'}, {'builder': 0}],
    ids=lambda changes: next(iter(changes)))
def test_an_engine_of_another_kind_is_built_anew(site, changes):
    site.ask()
    assert site.ask(**changes)[1] == {'builds'}
    assert site.ask()[1] == {'hits'}


def test_an_engine_of_a_graph_that_changed_is_built_anew(site):
    old, _ = site.ask()
    model = onnx.load(str(site.graph))
    model.graph.node[0].op_type = 'MaxPool'
    onnx.save(model, str(site.graph))
    new, counted = site.ask()
    assert counted == {'builds'}
    assert new != old


@pytest.mark.parametrize('damage', [
    lambda data: data[:-1], lambda data: data[:40], lambda _: b'', lambda data: b'\xff' + data,
    lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], lambda data: data + b'x',
    lambda data: data.partition(b'\n')[2]])
def test_a_damaged_file_is_built_anew(site, damage):
    whole, _ = site.ask()
    path, = site.folder.glob('*.engine')
    path.write_bytes(damage(path.read_bytes()))
    again, counted = site.ask()
    assert counted == {'builds', 'rejected'}
    assert len(again) == len(whole)
    assert site.ask() == (again, {'hits'})


def test_an_engine_under_the_name_of_another_is_built_anew(site):
    site.ask()
    mine, = site.folder.glob('*.engine')
    site.ask('SM89')
    other = next(path for path in site.folder.glob('*.engine') if path != mine)
    other.write_bytes(mine.read_bytes())
    assert site.ask('SM89')[1] == {'builds', 'rejected'}


ASK = """
import sys, time
from pathlib import Path
from eventsam_ros.inference.engines.engine_cache import EngineCache
from eventsam_ros.inference.engines.engine_key import engine_key
from eventsam_ros.inference.engines.tensorrt_build import build_engine
folder, graph = map(Path, sys.argv[1:])
cache = EngineCache(folder)
print('ready', flush=True)
sys.stdin.readline()
def build():
    time.sleep(1)
    return build_engine(graph, None, 'SM86')
engine = cache.get(engine_key(graph, 'x', '', 'SM86', 'fp32'), build)
print(cache.counters['builds'], cache.counters['hits'], hash(engine))
"""


def test_of_two_processes_one_builds_and_the_other_waits(site):
    processes = [subprocess.Popen(
        [sys.executable, '-c', ASK, str(site.folder), str(site.graph)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env=os.environ | {'PYTHONHASHSEED': '1'})
        for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == 'ready\n'
    for process in processes:
        process.stdin.write('\n')
        process.stdin.flush()
    said = sorted(process.communicate(timeout=120)[0].split() for process in processes)
    assert [each[:2] for each in said] == [['0', '1'], ['1', '0']]
    assert said[0][2] == said[1][2]
    assert len(list(site.folder.glob('*.engine'))) == 1
    assert not list(site.folder.glob('*.part'))


@contextmanager
def as_somebody():
    """Lose the rights of root, to whom no folder is read-only."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def read_only():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'engines'
        path.mkdir()
        Path(folder).chmod(0o755)
        yield path
        path.chmod(0o755)


def test_a_read_only_folder_gives_what_it_has_and_the_rest_is_built_each_time(read_only):
    other = replace(KEY, precision='fp32')
    EngineCache(read_only).get(KEY, lambda: b'one')
    read_only.chmod(0o555)
    with as_somebody():
        cache = EngineCache(read_only)
        assert cache.get(KEY, never) == b'one'
        for _ in range(2):
            assert cache.get(other, lambda: b'two') == b'two'
    assert cache.counters == {'hits': 1, 'builds': 2, 'unsaved': 2, 'rejected': 0}
    assert cache.trouble == f'{read_only} cannot be written: Permission denied'


def test_a_folder_that_may_not_be_looked_into_is_no_obstacle(read_only):
    read_only.chmod(0o700)
    with as_somebody():
        cache = EngineCache(read_only / 'engines')
        assert cache.get(KEY, lambda: b'engine') == b'engine'
    assert cache.counters == {'hits': 0, 'builds': 1, 'unsaved': 1, 'rejected': 0}
    assert cache.trouble.endswith('cannot be written: Permission denied')


def test_the_home_of_somebody_who_is_not_known():
    with pytest.raises(EngineError, match='cache ~nobody_of_that_name/x cannot be found'):
        EngineCache('~nobody_of_that_name/x')


def test_a_file_system_without_locks_is_no_obstacle(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, 'No locks available')
    monkeypatch.setattr(fcntl, 'flock', refuse)
    cache = EngineCache(tmp_path)
    assert cache.get(KEY, lambda: b'engine') == b'engine'
    assert cache.get(KEY, never) == b'engine'
    assert cache.trouble == f'{tmp_path} cannot be written: No locks available'


def test_a_folder_that_cannot_be_is_no_obstacle(tmp_path):
    (tmp_path / 'file').write_text('')
    cache = EngineCache(tmp_path / 'file' / 'engines')
    assert cache.get(KEY, lambda: b'engine') == b'engine'
    assert cache.counters['unsaved'] == 1
    assert cache.trouble.endswith('cannot be written: Not a directory')


def test_a_failed_build_leaves_nothing(tmp_path):
    def fail():
        raise EngineError('no')
    cache = EngineCache(tmp_path)
    with pytest.raises(EngineError):
        cache.get(KEY, fail)
    assert not list(tmp_path.glob('*.engine'))
    assert cache.get(KEY, lambda: b'engine') == b'engine'


def test_what_was_used_longest_ago_goes_first(tmp_path):
    keys = [replace(KEY, graph=str(k)) for k in range(4)]
    cache = EngineCache(tmp_path, limit=2500)
    for k, key in enumerate(keys[:3]):
        cache.get(key, lambda: bytes(500))
        os.utime(cache.path(key), (k, k))
    cache.get(keys[0], never)
    cache.get(keys[3], lambda: bytes(500))
    assert [cache.path(key).exists() for key in keys] == [True, False, True, True]


def test_an_engine_beyond_the_limit_is_kept_all_the_same(tmp_path):
    cache = EngineCache(tmp_path, limit=100)
    cache.get(KEY, lambda: bytes(500))
    assert cache.get(KEY, never) == bytes(500)


def test_the_default_folder_is_the_one_of_xdg(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert EngineCache().folder == tmp_path / 'eventsam_ros' / 'engines'
    for wrong in ('', 'relative'):
        monkeypatch.setenv('XDG_CACHE_HOME', wrong)
        monkeypatch.setenv('HOME', str(tmp_path / 'home'))
        assert default_cache() == tmp_path / 'home' / '.cache' / 'eventsam_ros' / 'engines'


def test_without_a_home_the_sentence_says_what_to_set(monkeypatch):
    def homeless():
        raise RuntimeError
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setattr(engine_cache.Path, 'home', homeless)
    with pytest.raises(EngineError, match='set engine_cache or XDG_CACHE_HOME'):
        default_cache()
