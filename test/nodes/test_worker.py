# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""The newest item wins, and nothing that fails ends the thread."""

from __future__ import annotations

import threading

from eventsam_ros.nodes.worker import NewestWorker


def test_only_the_newest_of_the_waiting_items_is_worked_on():
    begun, go, done, seen = threading.Event(), threading.Event(), threading.Event(), []

    def work(item):
        seen.append(item)
        begun.set()
        assert go.wait(5)
        if item == 4:
            done.set()

    worker = NewestWorker(work, lambda _: None)
    worker.start()
    assert not worker.submit(1)
    assert begun.wait(5)
    replaced = [worker.submit(item) for item in (2, 3, 4)]
    go.set()
    assert done.wait(5)
    assert not worker.stop()
    assert replaced == [False, True, True]
    assert seen == [1, 4]


def test_a_failure_is_told_and_the_next_item_is_worked_on():
    failures, done = [], threading.Event()

    def work(item):
        if item == 'bad':
            raise RuntimeError('bad item')
        done.set()

    told = threading.Event()
    worker = NewestWorker(work, lambda error: (failures.append(str(error)), told.set()))
    worker.start()
    worker.submit('bad')
    assert told.wait(5)
    worker.submit('good')
    assert done.wait(5)
    worker.stop()
    assert failures == ['bad item']


def test_stop_tells_whether_an_item_was_left():
    begun, go = threading.Event(), threading.Event()

    def work(_):
        begun.set()
        assert go.wait(5)

    worker = NewestWorker(work, lambda _: None)
    worker.start()
    worker.submit(1)
    assert begun.wait(5)
    worker.submit(2)
    threading.Timer(0.05, go.set).start()
    assert worker.stop()
    worker.start()
    worker.submit(3)
    worker.stop()
