"""Keys on disk, signing and checking with Ed25519: the only home of PyNaCl."""
