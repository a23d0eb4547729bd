"""A seeded simulation of clients, workers, network, disk and crashes around the pure core, with a history checker."""
