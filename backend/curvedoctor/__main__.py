"""`python -m curvedoctor`."""

from __future__ import annotations

import sys

from curvedoctor.cli import main

sys.exit(main())
