"""Who holds which number, bound by which verified result; and the API for it."""
