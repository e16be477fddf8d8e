"""What an engineer is given of a terminal, and nothing about its visitors."""
