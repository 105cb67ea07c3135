"""The way from an empty database to the tables of this version, one step a file."""
