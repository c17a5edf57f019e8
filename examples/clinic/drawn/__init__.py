"""Families of made-up tasks: every handful of base runs draws a task of its own (see `families`)."""
