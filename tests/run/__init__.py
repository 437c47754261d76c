"""What `python -m tests` is made of: its steps, the servers that they need, and the table at the end."""
