"""The Gradio page that visitors see, and its endpoints for programs."""
