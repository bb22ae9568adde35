"""Pictures of digits as people take them, with the class of every pixel."""
