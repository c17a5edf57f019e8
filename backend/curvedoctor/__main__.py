"""`python -m curvedoctor`."""

from __future__ import annotations

import sys

from curvedoctor.cli import main

if __name__ == "__main__":  # worker processes import this file again
    sys.exit(main())
