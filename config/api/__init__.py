"""The API's own pages: its addresses, its description, its words."""
