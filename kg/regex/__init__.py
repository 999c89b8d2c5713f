"""Regular expressions of XPath, for the engines that run them."""
