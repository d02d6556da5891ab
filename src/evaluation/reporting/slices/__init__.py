"""What one district's report is made from: worked out once for all districts, protected, kept, and read by each report alone."""
