"""The use cases behind `goknot heap`."""
