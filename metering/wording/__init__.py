"""Words of the metering pages."""
