"""What it cost: per person reached, per outcome, compared with what was gained."""
