"""How fast the demo is, as ratios to what Gradio and TensorFlow alone need: see README.md here."""
