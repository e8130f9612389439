"""PostgreSQL and Valkey as programs that this machine runs by itself, for the demo and the tests."""
