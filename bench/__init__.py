"""How fast the demo is, compared with Gradio and TensorFlow alone: see README.md here."""
