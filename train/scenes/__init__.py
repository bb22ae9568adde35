"""Pictures of digits as people take them, with a box for every character."""
