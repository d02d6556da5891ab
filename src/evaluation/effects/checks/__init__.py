"""What an effect stands on, tried out: each check by one rule, all of them in one table."""
