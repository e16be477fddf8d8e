"""Recording one consenting person's visit, sealed for a bench; see decision 45."""
