"""The product in a real Chromium, used the way people use it."""
