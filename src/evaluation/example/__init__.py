"""Synthetic example data on the real city: how they are made, written and loaded. Never mixed with real data."""

from evaluation.example.build import ExampleError, build
from evaluation.example.files import SYNTHETIC, Example, generate, write
from evaluation.example.generator import SEED

__all__ = ["SEED", "SYNTHETIC", "Example", "ExampleError", "build", "generate", "write"]
