"""The whole site on one machine, for a demo or a first look; in production a process manager does this."""
