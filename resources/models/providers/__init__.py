"""One file per way to reach a language model; each translates the contract into a provider's own API."""
