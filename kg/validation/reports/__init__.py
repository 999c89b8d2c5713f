"""Reports of validation that people work through, or that other tools show to them."""
