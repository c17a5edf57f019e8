"""Small agents that learn, in numpy."""

from __future__ import annotations

import numpy as np

from clinic.agents.policy import policy_gradient
from clinic.agents.setting import Log, Setting
from clinic.agents.values import q_learning


def train(s: Setting) -> Log:
    """Train one agent and log it."""
    with np.errstate(all="ignore"):
        return q_learning(s) if s.algorithm == "q" else policy_gradient(s)
