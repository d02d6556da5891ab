"""What happened around a place: rings of neighbours, displacement, spill-over."""
