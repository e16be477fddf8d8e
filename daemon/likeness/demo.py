"""One genuine and one refused visit with nothing else installed."""
