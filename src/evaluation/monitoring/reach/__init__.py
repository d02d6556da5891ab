"""Who was reached: concentration, differences between groups, coverage of an estimated population."""
