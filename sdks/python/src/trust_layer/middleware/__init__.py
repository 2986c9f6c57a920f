"""Middleware for ASGI, WSGI and gRPC servers. Each module is imported by itself: none needs a web framework."""
