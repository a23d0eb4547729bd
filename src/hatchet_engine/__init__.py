"""The Hatchet engine: core (rules), store (SQL), runtime (the loop), transports (gRPC, REST), server (wiring)."""
