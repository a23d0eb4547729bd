"""From stored rows and live objects to the objects of the API."""
