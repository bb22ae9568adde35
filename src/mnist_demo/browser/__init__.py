"""The reader for the browser, in JavaScript: see README.md. The Python beside it only copies it."""
