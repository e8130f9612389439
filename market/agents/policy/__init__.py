"""The shared policy: what a home's agent makes of public signals and its own state."""
