"""What a running task knows about itself."""
