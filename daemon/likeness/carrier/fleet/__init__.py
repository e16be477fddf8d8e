"""What is seen of the terminals, and the page that shows it."""
