"""The reports themselves: who sent them when, what the checks found, corrections, doubtful figures."""
