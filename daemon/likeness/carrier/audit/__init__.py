"""Whether what the carrier kept is whole, told to an inspector with its evidence."""
