"""A live trace of plugin.Open through delve."""
