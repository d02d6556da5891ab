"""How often the whole procedure claims an effect where nothing happened, and what effect it would have seen."""
