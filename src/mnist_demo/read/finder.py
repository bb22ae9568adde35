"""Finds the ink of digits in any picture."""

# What a pixel may show; "¤" stands for any currency's sign.
CLASSES = ("paper", "digit", "other", ".", ",", ":", "-", "/", "+", "%", "¤")
