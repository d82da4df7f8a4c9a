"""What people take out of the system: evidence packages, tables, training pictures."""
