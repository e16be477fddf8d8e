"""How the carrier's pages and APIs are served over HTTP."""
