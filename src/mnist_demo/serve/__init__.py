"""What stands between callers and `mnist_demo.read`."""
