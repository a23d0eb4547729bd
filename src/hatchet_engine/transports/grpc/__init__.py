"""gRPC: the published services, thin, and the session service, batched. Everything runs on the engine loop."""
