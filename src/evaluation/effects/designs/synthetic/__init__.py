"""What the synthetic control designs share: weights on the simplex, the donor pool, predictors, and the search for V."""
