"""Turns an image into a digit. Nothing here knows a server or Gradio."""
