"""A stage of the reading that runs ahead in a thread of its own, so that decoding and checking share the cores."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")

AHEAD = 2
"""So many blocks wait at most: the memory stays bounded."""


def read_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """次の塊を、使う側が前の塊を調べている間に用意する。

    Order, items and errors are those of ``items``. If the reader stops early the thread stops at its next item.

    Parameters
    ----------
    items : iterator
        Used by the thread only.
    """
    ready: queue.Queue[tuple[str, Item | BaseException | None]] = queue.Queue(maxsize=AHEAD)
    stopped = threading.Event()

    def put(kind: str, value: Item | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put((kind, value), timeout=0.1)
                return
            except queue.Full:
                continue

    def run() -> None:
        try:
            for item in items:
                put("item", item)
                if stopped.is_set():
                    return
            put("end", None)
        except BaseException as error:  # the reader raises it again
            put("error", error)

    thread = threading.Thread(target=run, name="kaigo-read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == "end":
                return
            if isinstance(value, BaseException):
                raise value
            yield value  # type: ignore[misc]  # of kind "item"
    finally:
        stopped.set()
        thread.join()
