"""What talks to platforms: the kit, and one folder for each platform."""
