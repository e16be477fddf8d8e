"""The far side: verifies results, stores them once and signs receipts."""
