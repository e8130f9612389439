"""What people type, checked: forms and their fields."""
