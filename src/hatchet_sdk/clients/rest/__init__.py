"""The REST API: its models, its errors, and the HTTP client."""
