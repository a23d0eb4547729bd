"""The JSON objects of the API, by noun. Class names are the component names of the OpenAPI document."""
