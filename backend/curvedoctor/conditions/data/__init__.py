"""Inputs, labels and batches."""
