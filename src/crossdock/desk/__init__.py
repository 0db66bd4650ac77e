"""What looks across everything: home and search."""
