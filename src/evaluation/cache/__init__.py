"""Results that were worked out before, kept as plain data: read back exactly, or worked out anew."""
