"""What engines that speak SQL have in common: terms and losses printed, each in a dialect."""
