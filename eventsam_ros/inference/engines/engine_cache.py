# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""Compiled engines on disk, each whole, for its own key, or not there.

An engine is a file `DIGEST.engine`: a line of JSON with its key and the SHA-256 of what follows,
then the engine. It gets its name when it is complete, so readers need no lock; `DIGEST.lock` lets
one process build while others wait for the result. Locks stay, as removing one that a process
waits for would let two build. Engines are code to the driver: a cache belongs in a folder that
nobody else can write to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
import fcntl
import hashlib
import json
import os
from pathlib import Path
import stat

from eventsam_ros.errors import EngineError

from .engine_key import EngineKey

LIMIT = 4 << 30
"""Bytes that the engines of one folder take; those used longest ago go first."""
COUNTERS = ('hits', 'builds', 'rejected', 'unsaved')


def default_cache() -> Path:
    """Return the folder that `~/.cache/eventsam_ros/engines` stands for (XDG base directories).

    Raises:
        EngineError: The user has no home, as in some containers.
    """
    base = os.environ.get('XDG_CACHE_HOME', '')
    if Path(base).is_absolute():
        return Path(base) / 'eventsam_ros' / 'engines'
    try:
        return Path.home() / '.cache' / 'eventsam_ros' / 'engines'
    except RuntimeError as error:
        raise EngineError('there is no home folder for the engine cache; set engine_cache or '
                          'XDG_CACHE_HOME') from error


class EngineCache:
    """The engines of one folder.

    Attributes:
        folder: Where they are; made with the first engine.
        counters: By COUNTERS: engines that were there, that were built, files that were damaged
            and built again, and engines that could not be kept.
        trouble: Why an engine could not be kept, or ''.
    """

    def __init__(self, folder: Path | str | None = None, limit: int = LIMIT) -> None:
        """Take a folder; None is `default_cache`.

        Args:
            folder: Need not exist, and may be read-only: engines are then built at every start.
            limit: Bytes that all engines may take.

        Raises:
            EngineError: There is no default folder, or no home folder that a ~ stands for.
        """
        try:
            self.folder = Path(folder).expanduser() if folder else default_cache()
        except RuntimeError as error:
            raise EngineError(f'the engine cache {folder} cannot be found: there is no such home '
                              'folder') from error
        self.counters: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
        self.trouble = ''
        self._limit = limit

    def get(self, key: EngineKey, build: Callable[[], bytes]) -> bytes:
        """Return the engine of a key, built if it is not there.

        Args:
            key: What the engine must be.
            build: Compiles it. Of several processes that ask at a time one builds, the others
                wait for it.

        Raises:
            EngineError: What `build` raises.
        """
        found = self._read(key)
        if found is None:
            with self._lock(key):
                found = self._read(key)
                if found is None:
                    return self._build(key, build)
        self.counters['hits'] += 1
        return found

    def path(self, key: EngineKey) -> Path:
        """Return the file of an engine, whether it is there or not."""
        return self.folder / f'{key.digest}.engine'

    def _build(self, key: EngineKey, build: Callable[[], bytes]) -> bytes:
        with suppress(OSError):   # of a folder that may not be looked into nothing was rejected
            self.counters['rejected'] += self.path(key).exists()
        engine = build()
        self.counters['builds'] += 1
        head = {'key': asdict(key), 'sha256': hashlib.sha256(engine).hexdigest()}
        part = self.folder / f'.{key.digest}.part'
        try:
            with part.open('wb') as file:
                file.write(json.dumps(head).encode() + b'\n')
                file.write(engine)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self.path(key))
            self._shrink(self.path(key))
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            self.counters['unsaved'] += 1
            self._cannot_write(error)
        return engine

    def _read(self, key: EngineKey) -> bytes | None:
        """Return an engine that is whole and of that very key."""
        try:
            head, _, engine = self.path(key).read_bytes().partition(b'\n')
            said = json.loads(head)
            whole = said == {'key': asdict(key), 'sha256': hashlib.sha256(engine).hexdigest()}
        except (OSError, ValueError):
            return None
        if not whole:
            return None
        with suppress(OSError):
            os.utime(self.path(key))  # what was used last is kept longest
        return engine

    @contextmanager
    def _lock(self, key: EngineKey) -> Iterator[None]:
        """Hold the right to build an engine; without it where nothing can be locked.

        As in a folder that is read-only, or on a file system that knows no locks.
        """
        with ExitStack() as held:
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=stat.S_IRWXU)
                file = held.enter_context((self.folder / f'{key.digest}.lock').open('a'))
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as error:
                self._cannot_write(error)
            yield

    def _shrink(self, newest: Path) -> None:
        """Remove what was used longest ago until the rest fits; the newest stays in any case."""
        found = sorted(((each.stat().st_mtime_ns, each.stat().st_size, each)
                        for each in self.folder.glob('*.engine') if each != newest), reverse=True)
        room = self._limit - newest.stat().st_size
        for _, size, each in found:
            room -= size
            if room < 0:
                each.unlink(missing_ok=True)

    def _cannot_write(self, error: OSError) -> None:
        self.trouble = f'{self.folder} cannot be written: {error.strerror or error}'
