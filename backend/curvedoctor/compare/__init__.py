"""What runs say together: which values of a hyperparameter help, where the grid ends, what to try next."""

from __future__ import annotations
