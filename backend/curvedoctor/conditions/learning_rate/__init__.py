"""The step size: too high, too low, decayed too early or never, a schedule that does not do what it says."""
