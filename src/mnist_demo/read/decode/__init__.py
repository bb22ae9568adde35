"""Whatever holds an image becomes pixels: files, arrays, tensors, drawings."""
