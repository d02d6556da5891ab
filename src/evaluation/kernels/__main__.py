"""``python -m evaluation.kernels``: the server, started by its first client; in a forked process, the kernel."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # As an ordinary kernel's launcher does: what lies in the working folder is not loaded by chance.
    if sys.path[0] == "" or Path(sys.path[0]) == Path.cwd():
        del sys.path[0]

    from evaluation.kernels.server import main

    main(sys.argv[1:])
