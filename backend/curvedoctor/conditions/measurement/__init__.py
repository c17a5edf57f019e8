"""Numbers that do not measure what they are taken to measure."""
