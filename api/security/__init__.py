"""What keeps a browser and a server out of harm."""
