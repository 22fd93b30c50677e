"""The FastAPI application: researchers ask here, Dagster does the work, the database keeps tenants apart."""
