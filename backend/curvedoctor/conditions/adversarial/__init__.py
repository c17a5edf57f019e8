"""Two networks that are trained against each other."""
