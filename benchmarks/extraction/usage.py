"""Memory and CPU of processes, as the system counts them."""

import resource
import sys
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # proc(5): resets the peak of the resident set to its present size


def reset_peak() -> bool:
    """Let the peak of this process begin anew; False where the system cannot (then the peak is the whole life's)."""
    try:
        _CLEAR.write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def peak_mib() -> float:
    """Peak resident memory of this process in MiB."""
    if _STATUS.exists():  # ru_maxrss is inherited from the process that started this one
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def resident_mib() -> float:
    """Present resident memory of this process in MiB."""
    return float(psutil.Process().memory_info().rss) / 2**20


def database_cpu_seconds(data_folder: Path) -> float | None:
    """CPU seconds of the embedded PostgreSQL under `data_folder` so far, or None when it does not run here.

    Processes of the server that have ended count through their parent, as the system adds them.
    """
    try:
        pid = int((data_folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        postmaster = psutil.Process(pid)
        times = postmaster.cpu_times()
        used = times.user + times.system + times.children_user + times.children_system
        for child in postmaster.children():
            own = child.cpu_times()
            used += own.user + own.system
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return float(used)
