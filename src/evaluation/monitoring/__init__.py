"""Indicators in time: intervals, series, pooling and what published figures say. Pure functions, frames in, results out."""
