"""The daemon of a camera terminal that matches a living face with a card's portrait."""

__version__ = "0.1.0"
