"""What is done apart leaves nothing behind in this process, and tells what it found or why it failed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from etalage.simulate.apart import apart

# In a fresh process: with the threads of other tests the work is rightly done in place.
ELSEWHERE = """
import importlib, os, sys
from etalage.simulate.apart import apart
assert apart(os.getpid) != os.getpid()
assert apart(importlib.import_module("colorsys").rgb_to_hls, 1, 1, 1)[1] == 1
try:
    apart(int, "ten")
except ValueError as error:
    print(error)
"""


def test_work_done_apart_is_done_in_another_process_and_its_failure_is_told_here() -> None:
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", ELSEWHERE], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "invalid literal for int() with base 10: 'ten'"


def test_a_process_with_several_threads_is_not_copied() -> None:
    begun, ended = threading.Event(), threading.Event()
    other = threading.Thread(target=lambda: (begun.set(), ended.wait()))
    other.start()
    begun.wait()
    try:
        assert apart(os.getpid) == os.getpid()
    finally:
        ended.set()
        other.join()


def test_what_shows_the_demo_loads_no_store() -> None:
    program = "import sys, etalage.cli.showing; print({'duckdb', 'sqlalchemy', 'uvicorn'} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "set()"
