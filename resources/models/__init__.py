"""The way to language models: contract, gateway, ledger, prices, providers and the reader."""
