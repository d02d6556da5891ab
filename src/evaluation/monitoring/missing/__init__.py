"""What missing reports could hide: coverage, bounds, imputation, sensitivity; denominators that change."""
