"""Generated protobuf and gRPC stubs, shared by the SDK and the engine.

`published` holds the published contract, `session` our batched streams. `make proto` regenerates both from
`contracts/`; the generated files are committed so that an installation needs no compiler.
"""
