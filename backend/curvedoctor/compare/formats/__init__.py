"""How a comparison is written: one module `as_<format>.py` per `--format` of `compare`."""
