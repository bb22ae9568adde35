"""What this demo changes in Gradio, in one place: README.md here has a table of it."""
