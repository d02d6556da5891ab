"""Change over time: trends, yearly changes, interrupted and controlled series, power, regimes of reporting."""
