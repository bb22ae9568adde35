"""Everything that changes how Gradio itself behaves: README.md beside this file lists it."""
