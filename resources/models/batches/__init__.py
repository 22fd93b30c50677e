"""Provider batches: requests answered within a day at half the price, brought into the ledger like any other call.

batching    batch mode of one run, as one object
collector   takes requests that are not in the ledger, instead of the network
submit      hands full batches to the provider; one whose answer was lost is found again, not sent again
ingest      brings results into the ledger, item by item
scout       the one live call by which a run learns which parameters a model takes
look        one look at everything that is open: send, find, ask, cancel, ingest
decide      what a batch needs now, as a pure function
service     what a provider's batch service is to all of the above; openai_service and anthropic_service are the two
"""
