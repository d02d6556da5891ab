"""Many comparisons and repeated looks: what chance alone would give, and what remains."""
