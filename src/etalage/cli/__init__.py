"""The command line: one file per command or family of commands, in the order in which a shop meets them."""
