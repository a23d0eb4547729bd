"""The routes, by noun. Each module offers a `router`; app.py lists them."""
