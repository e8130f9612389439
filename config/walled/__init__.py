"""Django's PostgreSQL, told whose rows it may show (`config.tenancy`) before each statement."""
