"""What we ask a warehouse to ship, what it shipped, tracking posted back."""
