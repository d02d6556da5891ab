"""Targets: reached, on track, behind, or nobody can tell, with a calibrated probability."""
