"""Training of the digit classifier: python -m train --help."""
