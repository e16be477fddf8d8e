"""What an ICAO 9303 chip says and what it proves: computing only, no device."""
