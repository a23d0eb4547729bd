"""The REST API: decode, ask the engine or the read side, encode.

`create_app` (app.py) makes the application, `RestServer` (server.py) serves it on a thread of its own.
"""
