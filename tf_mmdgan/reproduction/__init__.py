"""What the papers claim, computed: studies, and a table of all methods."""
