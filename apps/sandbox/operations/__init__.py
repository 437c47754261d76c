"""One module per group of pages of the API; every operation is a function (world, request) -> SandboxResponse."""
