"""Exit codes: a public interface."""

from __future__ import annotations

#: done; `--fail-on` was met; bad usage, or nothing could be read; `annotate` or `clean` finished in part
DONE, FAIL_ON_MET, USAGE, PARTLY = 0, 1, 2, 3
#: a fault of ours (sysexits' EX_SOFTWARE), never a verdict; interrupted by the keyboard
FAULT, INTERRUPTED = 70, 130
