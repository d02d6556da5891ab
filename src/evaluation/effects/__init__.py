"""Effects of pilots: designs, estimates and what they stand on. Pure functions, frames in, frozen results out."""
