"""A street lived in one process with seeded chance, a clock of its own and a broker that loses and repeats."""
