"""The machine an instance runs on: its home, its PostgreSQL, its processes."""
