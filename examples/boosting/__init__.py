"""Boosted trees by the real libraries: healthy and broken, diagnosed, and the first remedy really tried."""
