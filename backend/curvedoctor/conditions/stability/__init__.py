"""Losses and gradients that blow up, jump, collapse or stop being numbers."""
