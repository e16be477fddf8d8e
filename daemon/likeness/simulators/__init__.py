"""Stand-ins for hardware, written from its documents and not from our drivers."""
