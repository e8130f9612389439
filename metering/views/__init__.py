"""Pages for administrators: meter files, and which meters block a month."""
