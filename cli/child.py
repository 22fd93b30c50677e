"""`python -m cli.child PARENT COMMAND …`: become a command that ends when the process PARENT ends, however it ends.

The kernel tells it (Linux's PR_SET_PDEATHSIG, which outlives exec). Elsewhere nothing is told: there the next
`crucible up` ends what is left over. A process of its own does this, since code between fork and exec must not take
locks that threads of the parent may hold.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_ORPHANED = 75  # EX_TEMPFAIL of sysexits.h


def main() -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the kernel was asked
            sys.exit(_ORPHANED)
    os.execv(command[0], command)  # noqa: S606 - the command is that of `crucible up`


if __name__ == "__main__":
    main()
