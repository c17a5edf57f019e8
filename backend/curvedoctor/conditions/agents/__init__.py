"""Reinforcement learning: rewards instead of losses."""
