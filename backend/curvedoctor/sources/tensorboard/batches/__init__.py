"""Event files in batches: records that are alike are decoded together in numpy."""
