"""Several outcomes, pilots and designs together: one error for all, pooling, certainty, and the evidence in one table."""
