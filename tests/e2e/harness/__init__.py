"""What the end-to-end tests are made of: processes, keys, sites, garde itself, a client and its questions."""
