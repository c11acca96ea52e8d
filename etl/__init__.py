"""Where the data comes from: registers in, structures out."""
