"""The daemon of a camera terminal that matches a living face with a card's portrait."""

__version__ = "0.1.0"
# 2026-11-01T00:00:00Z, set anew at each release: no clock that runs this is earlier.
RELEASED_UTC_S = 1_793_491_200
