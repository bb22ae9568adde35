"""An image becomes a digit. Nothing here knows a server or Gradio."""
