"""The gate to the outside: what may be shown, and the check that nothing else is."""
