"""The tests: cases, properties, the command, the documents."""
