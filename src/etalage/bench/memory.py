"""The most memory a process has held.

In:   the process itself.
Out:  megabytes.
Idea: `ru_maxrss` will not do: on Linux a child begins with the peak of the process that started it, also after
      `exec`. The kernel keeps the peak of the program itself as VmHWM (proc(5)).
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_UNITS_PER_MB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # of ru_maxrss


def peak_mb() -> float:
    """Give the most resident memory this program has held, in MB of 2**20 bytes."""
    if _STATUS.exists():
        (line,) = [line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_PER_MB
