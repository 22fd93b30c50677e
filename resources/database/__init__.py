"""PostgreSQL with pgvector: server, engine, tables, migrations, row-level security, repositories."""
