"""A small FastAPI app with real sign-in."""
