"""What was decided before looking: the pre-analysis plan as a file, as it was registered, and every departure from it."""
