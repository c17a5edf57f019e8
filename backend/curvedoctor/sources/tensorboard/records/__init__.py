"""Event files record by record: framing, checksums, and where to go on behind damage."""
